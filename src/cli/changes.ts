import { Option, type Command } from "commander"
import { z } from "zod"
import { iamOperation } from "../administration/index.js"
import { journalActions } from "../database/index.js"
import { apiClient } from "./api-client.js"
import { withApiOptions, type ApiOptions } from "./api-options.js"
import { listed, tellOtherPages, withListOptions, type ListOptions } from "./list-options.js"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import { table } from "./table.js"
import type { Terminal } from "./terminal.js"

interface ChangesOptions extends ApiOptions, ListOptions {
  readonly output: OutputFormat
  readonly principal?: string
  readonly workspace?: string
  readonly role?: string
  readonly actor?: string
  readonly action?: string
  readonly since?: string
  readonly until?: string
}

/** `portcullis changes`: who granted or revoked what, when. */
export function addChanges(program: Command, terminal: Terminal): void {
  const command = program.command("changes").description("Who changed what, when, at which revision; newest first; asks a running sidecar")
  command
    .option("--principal <principal>", "whose bindings")
    .option("--workspace <name>", "in which workspace")
    .option("--role <role>", "which role")
    .option("--actor <principal>", "who did it")
    .addOption(new Option("--action <action>", "what was done").choices(journalActions))
    .option("--since <time>", "from then on: 2030-01-31T12:00:00Z, 2030-01-31, or 30m, 24h, 7d ago")
    .option("--until <time>", "up to then")
  withListOptions(withApiOptions(command), "at or -at (default -at)")
    .addOption(outputOption())
    .addHelpText("after", examples)
    .action(async (options: ChangesOptions) => {
      const client = await apiClient(options, command, terminal)
      const found = await listed(client, iamOperation("GET", "changes"), Change, options, filterOf(options, Date.now()))
      terminal.out(rendered(options.output, found, () => changeTable(found.data)))
      tellOtherPages(found, "changes", terminal)
    })
}

const examples = `
Examples:
  portcullis changes --since 24h --as admin@example.com
  portcullis changes --workspace ml-team --principal ben@example.com
  portcullis changes --action role_binding.revoked --all-pages --output json`

const Change = z.looseObject({
  revision: z.string(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  principal: z.string().nullish(),
  workspace: z.string().nullish(),
  role: z.string().nullish(),
  expires_at: z.string().nullish(),
  entity_type: z.string().nullish(),
  name: z.string().nullish(),
})

/** The query that asks for some changes. @param now milliseconds since the epoch, which `7d` counts from */
export function filterOf(options: Omit<ChangesOptions, "output">, now: number): Readonly<Record<string, string | undefined>> {
  const { principal, workspace, role, actor, action, since, until } = options
  return {
    "filter[principal]": principal,
    "filter[workspace]": workspace,
    "filter[role]": role,
    "filter[actor]": actor,
    "filter[action]": action,
    "filter[at][gte]": since && timeOf(since, now),
    "filter[at][lte]": until && timeOf(until, now),
  }
}

const unitMs: ReadonlyMap<string, number> = new Map([
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
])

/** A time as the API takes it. What is no duration is left to the API. */
function timeOf(text: string, now: number): string {
  const [, count, unit = ""] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? []
  return count === undefined ? text : new Date(now - Number(count) * (unitMs.get(unit) ?? 0)).toISOString()
}

function changeTable(changes: readonly z.infer<typeof Change>[]): string {
  return table(
    ["AT", "REVISION", "ACTOR", "ACTION", "WORKSPACE", "PRINCIPAL", "ROLE", "WHAT"],
    changes.map((one) => [one.at, one.revision, one.actor, one.action, one.workspace, one.principal, one.role, whatElse(one)]),
  )
}

function whatElse({ entity_type: type, name, expires_at: expiresAt }: z.infer<typeof Change>): string {
  const thing = [type, name].filter((part) => part !== null && part !== undefined).join(" ")
  return expiresAt ? `${thing} until ${expiresAt}`.trim() : thing
}
