import { Option, type Command } from "commander"
import { formatFinding, lintAuthorizationData, readAuthorizationDataFiles, type Finding } from "../authorization-data/index.js"
import { exitCodes, type ExitCode } from "./exit-code.js"
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
    .argument("<file...>", "documents, merged as `serve --data` merges them")
    .addOption(new Option("--profile <profile>", "for which rules").choices(["hardened", "nemo"]).default("hardened"))
    .addOption(outputOption())
    .addHelpText(
      "after",
      "\nExamples:\n  portcullis data lint authorization.yaml bindings.yaml\n  portcullis data lint --profile nemo --output json static.json",
    )
    .action(async (files: readonly string[], options: LintOptions) => {
      const documents = await readAuthorizationDataFiles(files)
      const findings = lintAuthorizationData({ documents, profile: options.profile })
      terminal.out(rendered(options.output, findings, () => findings.map((finding) => `${formatFinding(finding)}\n`).join("")))
      const errors = countOf(findings, "error")
      terminal.err(`${errors} error(s), ${countOf(findings, "warning")} warning(s) in ${files.length} file(s)\n`)
      finish(errors > 0 ? exitCodes.error : exitCodes.ok)
    })
}

function countOf(findings: readonly Finding[], severity: Finding["severity"]): number {
  return findings.filter((finding) => finding.severity === severity).length
}
