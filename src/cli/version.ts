import type { Command } from "commander"
import { packageVersion } from "../model/package-version.js"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import type { Terminal } from "./terminal.js"

/** `portcullis version`. */
export function addVersion(program: Command, terminal: Terminal): void {
  program
    .command("version")
    .description("Print the version of Portcullis and of Node")
    .addOption(outputOption())
    .action(({ output }: { readonly output: OutputFormat }) => {
      const facts = { portcullis: packageVersion(), node: process.versions.node }
      terminal.out(rendered(output, facts, () => `portcullis ${facts.portcullis} (Node ${facts.node})\n`))
    })
}
