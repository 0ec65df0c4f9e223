import { resolve } from "node:path"
import type { Command } from "commander"
import { messageOf, PdpError } from "../errors.js"
import { createPdp } from "../pdp/index.js"
import { readBytes } from "./bundle-file.js"
import { collect } from "./config-options.js"
import { policyFeed } from "./policy-feed.js"
import type { Terminal } from "./terminal.js"

interface EvalOptions {
  readonly policy: string
  readonly data?: readonly string[]
  readonly input?: string
}

/** `portcullis policy eval`: one evaluation in this process. */
export function addPolicyEval(policy: Command, terminal: Terminal): void {
  policy
    .command("eval")
    .description("Evaluate an entrypoint of a policy, and print the result as JSON")
    .argument("<entrypoint>", "such as todo/allow")
    .requiredOption("--policy <path>", "a folder of Rego (needs OPA), a .wasm module, or a bundle")
    .option("-d, --data <file>", "its data; repeatable", collect)
    .option("-i, --input <file>", "the input, JSON; '-' is stdin. Without it the input is undefined")
    .addHelpText("after", examples)
    .action(async (entrypoint: string, { policy: path, data = [], input }: EvalOptions) => {
      const asked = input === undefined ? undefined : parsed(input, await textOf(input, terminal))
      const at = (file: string): string => resolve(terminal.workingFolder, file)
      const feed = await policyFeed({ path: at(path), data: data.map(at), entrypoints: [entrypoint] }, terminal)
      const pdp = await createPdp({ bundle: feed, entrypoints: [entrypoint] })
      try {
        const { bundle, ready } = pdp.status()
        if (!ready) throw new PdpError("ERR_POLICY_INVALID", bundle?.lastError?.message ?? "the policy cannot be loaded")
        const result = pdp.evaluate(entrypoint, asked)
        terminal.out(result === undefined ? "undefined\n" : `${JSON.stringify(result, undefined, 2)}\n`)
      } finally {
        await pdp.close()
      }
    })
}

const examples = `
Examples:
  echo '{"principal": "ann", "action": "read", "todo": {"id": 1, "owner": "ben"}}' |
    portcullis policy eval todo/allow --policy examples/custom-policy/bundle.tar.gz --input -`

async function textOf(file: string, terminal: Terminal): Promise<string> {
  return file === "-" ? terminal.input() : (await readBytes(file, terminal)).toString("utf8")
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new PdpError("ERR_INPUT_INVALID", `the input ${file === "-" ? "on stdin" : file} is not JSON: ${messageOf(cause)}`, { cause })
  }
}
