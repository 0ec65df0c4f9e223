import { z } from "zod"
import { journalActions, readHead, type JournalAction, type Row } from "../database/index.js"
import type { Principal } from "../model/principal.js"
import { formatRevision } from "../model/revision.js"
import type { Access } from "./access.js"
import { parseFilter, TextFilter, TextOperators, textConditions, TimeFilter, timeConditions, whereAll, type Condition } from "./filter.js"
import { iamOperation } from "./operation.js"
import { pageOf, pageWindow, type Page, type PageRequest } from "./page.js"
import { timeText } from "./time.js"

/** Who did what, when, at which revision. Times are RFC 3339. */
export interface Change {
  readonly revision: string
  readonly at: string
  readonly actor: string
  readonly action: JournalAction
  readonly principal?: string
  readonly workspace?: string
  readonly role?: string
  readonly expires_at?: string
  readonly entity_type?: string
  readonly name?: string
}

/** Which changes are wanted. All that is given must hold. */
export const ChangeFilter = z.strictObject({
  principal: TextFilter.optional(),
  workspace: TextFilter.optional(),
  role: TextFilter.optional(),
  actor: TextFilter.optional(),
  action: z
    .union([z.enum(journalActions), TextOperators], { error: `must be one of ${journalActions.join(", ")}, or an object with $in` })
    .optional(),
  at: TimeFilter.optional(),
})
export type ChangeFilter = Readonly<z.input<typeof ChangeFilter>>

/** The history of everything that is administered here. */
export interface Changes {
  /** Newest first unless sorted by `at`. */
  list(caller: Principal, filter?: ChangeFilter, request?: PageRequest): Promise<Page<Change>>
}

export function changes(access: Access): Changes {
  return {
    list: (caller, filter = {}, request = {}) =>
      access.read(caller, iamOperation("GET", "changes"), async (sql) => {
        const window = pageWindow(request, ["-at", "at"])
        const { text, values } = whereAll(conditionsOf(parseFilter(ChangeFilter, filter)))
        const { epoch } = await readHead(sql)
        const [row] = await sql.all(`SELECT count(*) AS n FROM portcullis_journal ${text}`, ...values)
        const order = window.descending ? "DESC" : "ASC"
        const rows = await sql.all(
          `SELECT * FROM portcullis_journal ${text} ORDER BY revision ${order}, ordinal ${order} LIMIT ? OFFSET ?`,
          ...[...values, window.pageSize, window.offset],
        )
        return pageOf(
          window,
          Number(row?.["n"]),
          rows.map((one) => toChange(one, epoch)),
          filter,
        )
      }),
  }
}

function conditionsOf({ at, ...texts }: z.output<typeof ChangeFilter>): readonly Condition[] {
  const columns = ["principal", "workspace", "role", "actor", "action"] as const
  return [...columns.flatMap((column) => textConditions(column, texts[column])), ...timeConditions("at", at)]
}

const JournalRow = z.object({
  revision: z.number(),
  at: z.number(),
  actor: z.string(),
  action: z.enum(journalActions),
  principal: z.string().nullable(),
  workspace: z.string().nullable(),
  role: z.string().nullable(),
  expires_at: z.number().nullable(),
  entity_type: z.string().nullable(),
  name: z.string().nullable(),
})

function toChange(row: Row, epoch: string): Change {
  const { revision, at, actor, action, principal, workspace, role, expires_at: expiresAt, entity_type: entityType, name } = JournalRow.parse(row)
  return {
    revision: formatRevision({ epoch, sequence: revision }),
    at: timeText(at),
    actor,
    action,
    ...(principal !== null && { principal }),
    ...(workspace !== null && { workspace }),
    ...(role !== null && { role }),
    ...(expiresAt !== null && { expires_at: timeText(expiresAt) }),
    ...(entityType !== null && { entity_type: entityType }),
    ...(name !== null && { name }),
  }
}
