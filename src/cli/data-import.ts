import type { Command } from "commander"
import { resolve } from "node:path"
import { importData, importFile, type DataImported, type ImportFile } from "../administration/index.js"
import { loadAuthorizationData, readAuthorizationDataFiles } from "../authorization-data/index.js"
import type { Config } from "../config/index.js"
import { collectList } from "./config-options.js"
import { namedDatabase, withDatabaseOptions, withRolesOptions, type DatabaseOptions } from "./database-options.js"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import { progressOn } from "./progress.js"
import { table } from "./table.js"
import type { Terminal } from "./terminal.js"

interface DataImportOptions extends DatabaseOptions {
  readonly groups?: readonly string[]
  readonly allowUnknownRoles?: boolean
  readonly dryRun?: boolean
  readonly output: OutputFormat
}

/** `portcullis data import`. */
export function addDataImport(data: Command, terminal: Terminal): void {
  const command = data
    .command("import")
    .description("Take over an export, a file of role bindings, or the principals of a reference document into a database")
    .argument("<file>", "NDJSON, JSON or YAML")
  withRolesOptions(withDatabaseOptions(command))
    .option("--groups <names>", "principals of the file that are groups and lack the prefix group:; separated by commas; repeatable", collectList)
    .option("--allow-unknown-roles", "take over roles that the authorization data do not define")
    .option("--dry-run", "check, and count what would change; keep nothing")
    .addOption(outputOption())
    .addHelpText("after", examples)
    .action(async (path: string, options: DataImportOptions) => {
      const { config, named } = namedDatabase(options, terminal)
      const { groups = [], dryRun = false } = options
      const database = dryRun ? named.existing : named.made
      const progress = progressOn(terminal)
      try {
        const file = await importFile(resolve(terminal.workingFolder, path))
        const roles = options.allowUnknownRoles === true ? undefined : await knownRoles(config, file)
        await named.existing?.open()
        const onProgress = (step: string, rows: number): void => progress.tell(step, rows)
        const imported = await importData(database, file, { roles, groups, dryRun, onProgress })
        progress.end()
        terminal.out(rendered(options.output, { dry_run: dryRun, ...toOutput(imported) }, () => countTable(imported)))
        tellRest(imported, file, dryRun, terminal)
      } finally {
        progress.end()
        await database?.close()
      }
    })
}

const examples = `
Everything is checked before the first row is written. What is there already stays, workspaces that are missing are made, and a role binding that
was revoked comes back. Importing again changes nothing: an import that was stopped is simply run again.
A SQLite database is used by one process at a time: stop the sidecar first.

Examples:
  portcullis data import --store sqlite:portcullis.db backup.ndjson
  portcullis data import --config portcullis.yaml --dry-run bindings.yaml
  portcullis data import --store postgres://portcullis@db/portcullis --data static.json --groups data-team,ml-ops static.json`

/** Roles of the authorization data that are named, else those of the document itself, else the built-in ones. */
async function knownRoles({ data, profile }: Config, file: ImportFile): Promise<ReadonlySet<string>> {
  if (data.length === 0 && file.roles) return new Set(file.roles)
  const loaded = loadAuthorizationData({ documents: await readAuthorizationDataFiles(data), profile })
  return new Set(loaded.data.roles.keys())
}

function toOutput({ workspaces, bindings, entities, expired, revision }: DataImported): object {
  return { ...(revision !== undefined && { revision }), workspaces, role_bindings: bindings, entities, expired_role_bindings: expired }
}

function countTable({ workspaces, bindings, entities }: DataImported): string {
  const kinds = [["workspaces", workspaces] as const, ["role bindings", bindings] as const, ["entities", entities] as const]
  return table(
    ["", "ADDED", "THERE ALREADY"],
    kinds.map(([kind, { added, present }]) => [kind, String(added), String(present)]),
  )
}

function tellRest({ expired, revision, unprefixed, absentGroups }: DataImported, file: ImportFile, dryRun: boolean, terminal: Terminal): void {
  const tell = (text: string): void => terminal.err(`portcullis: ${text}\n`)
  if (expired > 0) tell(`${expired} role binding(s) have expired, and are left out`)
  for (const group of absentGroups) tell(`--groups names '${group}', which is no principal of ${file.path}`)
  if (unprefixed.length > 0 && file.kind !== "export")
    tell(
      `taken for persons, having neither a prefix nor an '@': ${unprefixed.join(", ")}${unprefixed.length === 5 ? ", …" : ""}; name groups with --groups`,
    )
  if (dryRun) tell("dry run: nothing was kept")
  else if (revision !== undefined) tell(`the database is at revision ${revision}`)
}
