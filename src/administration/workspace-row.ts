import { z } from "zod"
import type { Row, Sql } from "../database/index.js"
import { PdpError } from "../errors.js"
import { timeText } from "./time.js"

/** A workspace. Times are RFC 3339. */
export interface Workspace {
  readonly id: string
  readonly name: string
  readonly description: string
  /** Its name once more: every record says in which workspace it is. */
  readonly workspace: string
  readonly created_at: string
  readonly created_by: string
  readonly updated_at: string
  readonly updated_by: string
}

/** @throws {PdpError} `ERR_NOT_FOUND` */
export async function workspaceNamed(sql: Sql, name: string): Promise<Workspace> {
  const [row] = await sql.all(`${selectWorkspaces} WHERE name = ?`, name)
  if (!row) throw new PdpError("ERR_NOT_FOUND", `Workspace '${name}' not found`)
  return toWorkspace(row)
}

/** Every column of a workspace. */
export const selectWorkspaces = "SELECT name, id, description, created_at, created_by, updated_at, updated_by FROM portcullis_workspaces"
const WorkspaceRow = z.object({
  name: z.string(),
  id: z.string(),
  description: z.string().nullable(),
  created_at: z.number(),
  created_by: z.string(),
  updated_at: z.number(),
  updated_by: z.string(),
})

/** A row of {@link selectWorkspaces}. */
export function toWorkspace(row: Row): Workspace {
  const read = WorkspaceRow.parse(row)
  return {
    id: read.id,
    name: read.name,
    description: read.description ?? "",
    workspace: read.name,
    created_at: timeText(read.created_at),
    created_by: read.created_by,
    updated_at: timeText(read.updated_at),
    updated_by: read.updated_by,
  }
}
