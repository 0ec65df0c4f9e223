import type { Command } from "commander"
import { readFileSync } from "node:fs"
import { z } from "zod"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import type { Terminal } from "./terminal.js"

/** The version of this package. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8")
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version
}

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
