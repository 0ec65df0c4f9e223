import type { Command } from "commander"
import type { ExitCode } from "./exit-code.js"
import { addPolicyEval } from "./policy-eval.js"
import { addPolicyTest } from "./policy-test.js"
import type { Terminal } from "./terminal.js"

/** `portcullis policy`: policies of one's own. */
export function addPolicy(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const policy = program.command("policy").description("Policies of your own: try them and run their tests")
  addPolicyEval(policy, terminal)
  addPolicyTest(policy, terminal, finish)
}
