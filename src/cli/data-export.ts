import type { Command } from "commander"
import { exportData } from "../administration/index.js"
import { PdpError } from "../errors.js"
import { namedDatabase, withDatabaseOptions, type DatabaseOptions } from "./database-options.js"
import { intoTarget } from "./export-target.js"
import { progressOn } from "./progress.js"
import type { Terminal } from "./terminal.js"

interface DataExportOptions extends DatabaseOptions {
  readonly activeOnly?: boolean
}

/** `portcullis data export`. */
export function addDataExport(data: Command, terminal: Terminal): void {
  const command = data.command("export").description("Write workspaces, role bindings and entities of a database as NDJSON, for backup and migration")
  withDatabaseOptions(command.argument("[file]", "where to; it appears when it is complete; without it: standard output"))
    .option("--active-only", "leave out role bindings that are revoked or have expired; a restore then seeds again what was revoked")
    .addHelpText("after", examples)
    .action(async (file: string | undefined, options: DataExportOptions) => {
      const { existing, made } = namedDatabase(options, terminal).named
      if (!existing)
        throw new PdpError("ERR_SOURCE_UNAVAILABLE", `there is no database ${made.name}; check --store, or store.path of the configuration`)
      const progress = progressOn(terminal)
      try {
        const onProgress = (rows: number): void => progress.tell("written", rows)
        const { workspaces, bindings, entities, revision } = await intoTarget(file, terminal, ({ write }) =>
          exportData(existing, { activeOnly: options.activeOnly === true, write, onProgress }),
        )
        progress.end()
        terminal.err(`${workspaces} workspaces, ${bindings} role bindings and ${entities} entities exported at revision ${revision}\n`)
      } finally {
        progress.end()
        await existing.close()
      }
    })
}

const examples = `
The first line of an export says at which revision it was made, the last one how much it holds; one that is cut off is not imported.
A SQLite database is used by one process at a time: stop the sidecar first. PostgreSQL is exported while it is written to.

Examples:
  portcullis data export --config portcullis.yaml backup.ndjson
  portcullis data export --store sqlite:portcullis.db | gzip > backup.ndjson.gz
  portcullis data export --store postgres://portcullis@db/portcullis backup.ndjson`
