import { Option, type Command } from "commander"
import {
  documentKind,
  formatFinding,
  lintAuthorizationData,
  readAuthorizationDataFiles,
  type Finding,
  type Lint,
  type NamedText,
} from "../authorization-data/index.js"
import { exitCodes, type ExitCode } from "./exit-code.js"
import { lintBindingsFile } from "./lint-bindings-file.js"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import type { Terminal } from "./terminal.js"

interface LintOptions {
  readonly output: OutputFormat
  readonly profile: "hardened" | "nemo"
}

/** `portcullis data lint`: exit 0 without errors, 1 with. */
export function addDataLint(data: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  data
    .command("lint")
    .description("Check authorization data and role bindings; exits 1 when there is an error")
    .argument("<file...>", "documents, merged as `serve --data` merges them, and files of role bindings, read as `serve --bindings` reads them")
    .addOption(new Option("--profile <profile>", "for which rules").choices(["hardened", "nemo"]).default("hardened"))
    .addOption(outputOption())
    .addHelpText(
      "after",
      "\nExamples:\n  portcullis data lint authorization.yaml bindings.yaml\n  portcullis data lint --profile nemo --output json static.json",
    )
    .action(async (files: readonly string[], options: LintOptions) => {
      const { findings, added } = await lint(files, options.profile)
      terminal.out(rendered(options.output, { findings, added }, () => linesOf(findings, added)))
      const errors = countOf(findings, "error")
      terminal.err(`${errors} error(s), ${countOf(findings, "warning")} warning(s) in ${files.length} file(s)\n`)
      finish(errors > 0 ? exitCodes.error : exitCodes.ok)
    })
}

async function lint(files: readonly string[], profile: LintOptions["profile"]): Promise<Omit<Lint, "roles">> {
  const texts = await readAuthorizationDataFiles(files.filter((file) => !isLines(file)))
  const bindings = new Set([...files.filter(isLines), ...texts.filter(holdsBindings).map(({ name }) => name)])
  const documents = texts.filter(({ name }) => !bindings.has(name))
  const { findings, added, roles } = lintAuthorizationData({ documents, profile })
  const ofBindings: Finding[] = []
  for (const file of bindings) ofBindings.push(...(await lintBindingsFile(file, roles, profile)))
  return { findings: [...findings, ...ofBindings], added }
}

/** One binding a line: such a file may be larger than any document. */
function isLines(file: string): boolean {
  return /\.(?:ndjson|jsonl)$/i.test(file)
}

function holdsBindings(document: NamedText): boolean {
  return documentKind(document) === "bindings"
}

function linesOf(findings: readonly Finding[], added: readonly string[]): string {
  return [...findings.map(formatFinding), ...added.map((addition) => `added: ${addition}`)].map((line) => `${line}\n`).join("")
}

function countOf(findings: readonly Finding[], severity: Finding["severity"]): number {
  return findings.filter((finding) => finding.severity === severity).length
}
