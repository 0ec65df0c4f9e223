import type { Command } from "commander"
import { checkLocally } from "./check-locally.js"
import { checkRemotely } from "./check-remotely.js"
import { collect, ConfigFlags, withDataOptions } from "./config-options.js"
import { exitCodes, type ExitCode } from "./exit-code.js"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import { painted, type Terminal } from "./terminal.js"

/** What `portcullis check` asks. */
export interface CheckQuestion {
  /** A person's id or e-mail, `service:<id>`, or empty for nobody. */
  readonly principal: string
  readonly email?: string
  readonly groups: readonly string[]
  /** Absent: not restricted. */
  readonly scopes?: readonly string[]
  readonly method: string
  readonly path: string
}

/** What it answers. */
export interface CheckAnswer {
  readonly allowed: boolean
  readonly reasons: readonly string[]
  /** What is nearly right, in words. */
  readonly notes?: readonly string[]
  readonly revision?: string
}

interface CheckOptions {
  readonly principal: string
  readonly email?: string
  readonly group?: readonly string[]
  readonly scope?: readonly string[]
  readonly url?: string
  readonly output: OutputFormat
}

/** `portcullis check`: exit 0 when allowed, 3 when denied. */
export function addCheck(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = program
    .command("check")
    .description("Ask for one decision: of a running PDP, or of local files (--config, --data, --bindings); exits 0 or 3")
    .argument("<method>", "HTTP method")
    .argument("<path>", "request target, as it would come over the wire")
    .requiredOption("-p, --principal <principal>", "person's id or e-mail, or service:<id>; '' is nobody")
    .option("--email <address>", "verified e-mail address")
    .option("-g, --group <name>", "group; repeatable", collect)
    .option("-s, --scope <scope>", "scope of the token; repeatable; '' is a token without scopes; not given, nothing is restricted", collect)
    .option("--url <url>", `a running PDP (default PORTCULLIS_URL or ${defaultUrl}, unless files are given)`)
  withDataOptions(command)
    .addOption(outputOption())
    .addHelpText("after", examples)
    .action(async (method: string, path: string, options: CheckOptions) => {
      const question = questionOf(method, path, options)
      const flags = ConfigFlags.parse(options)
      const isLocal = options.url === undefined && [flags.config, flags.data, flags.bindings].some((file) => file !== undefined)
      if (options.url !== undefined && [flags.config, flags.data, flags.bindings, flags.profile].some((flag) => flag !== undefined)) {
        terminal.err("portcullis: --url asks a running PDP, which has its own files; leave out --config, --data, --bindings and --profile\n")
        finish(exitCodes.usage)
        return
      }
      const answer = isLocal
        ? await checkLocally(question, flags, terminal)
        : await checkRemotely(question, options.url ?? terminal.environment["PORTCULLIS_URL"] ?? defaultUrl)
      const word = answer.allowed ? painted(terminal, "green", "allowed") : painted(terminal, "red", "denied")
      terminal.out(
        rendered(
          options.output,
          answer,
          () =>
            `${word}${answer.reasons.length > 0 ? `: ${answer.reasons.join(", ")}` : ""}\n${(answer.notes ?? []).map((note) => `${note}\n`).join("")}`,
        ),
      )
      finish(answer.allowed ? exitCodes.ok : exitCodes.denied)
    })
}

const defaultUrl = "http://127.0.0.1:8181"

const examples = `
Examples:
  portcullis check -p ann@example.com GET /apis/models/v2/workspaces/ml-team/models
  portcullis check -p ann@example.com --scope models:read --url http://127.0.0.1:8181 GET /apis/models/v2/workspaces/ml-team/models
  portcullis check -p service:indexer --data authorization.yaml --bindings bindings.yaml GET /apis/entities/v2/workspaces`

function questionOf(method: string, path: string, { principal, email, group, scope }: CheckOptions): CheckQuestion {
  const scopes = scope?.flatMap((text) => text.split(" ").filter((part) => part !== ""))
  return { principal, method: method.toUpperCase(), path, groups: group ?? [], ...(email !== undefined && { email }), ...(scopes && { scopes }) }
}
