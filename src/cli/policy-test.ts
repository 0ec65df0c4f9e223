import type { Command } from "commander"
import { exitCodes, type ExitCode } from "./exit-code.js"
import { OpaFailure, opaProgram } from "./opa-program.js"
import type { Terminal } from "./terminal.js"

interface TestOptions {
  readonly run?: string
  readonly verbose?: boolean
}

/** `portcullis policy test`: what OPA says of the tests in a folder. */
export function addPolicyTest(policy: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  policy
    .command("test")
    .description("Run the tests of a policy (rules test_…) with OPA")
    .argument("<path...>", "folders and files of Rego and data")
    .option("-r, --run <pattern>", "only tests whose names match")
    .option("-v, --verbose", "a line for each test")
    .addHelpText("after", examples)
    .action(async (paths: readonly string[], { run, verbose }: TestOptions) => {
      const opa = await opaProgram(terminal, "'policy test'")
      try {
        const results = await opa.run(["test", ...(run === undefined ? [] : ["--run", run]), ...(verbose ? ["--verbose"] : []), ...paths])
        terminal.out(results)
        if (results.trim() === "") terminal.err(`portcullis: no test matches${run === undefined ? "; tests are rules named test_…" : ` '${run}'`}\n`)
      } catch (thrown) {
        if (!(thrown instanceof OpaFailure)) throw thrown
        terminal.out(thrown.stdout)
        if (thrown.message !== thrown.stdout.trim()) terminal.err(`${thrown.message}\n`)
        finish(exitCodes.error)
      }
    })
}

const examples = `
OPA is OPA_BIN, or 'opa' in PATH. Exits with 1 when a test fails, with 78 without OPA.

Examples:
  portcullis policy test examples/custom-policy/policy`
