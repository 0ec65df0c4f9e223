import type { Command } from "commander"
import { printable } from "../model/printable.js"
import type { CheckAnswer } from "./check-answer.js"
import { checkLocally } from "./check-locally.js"
import { checkRemotely } from "./check-remotely.js"
import { collect, ConfigFlags, withLocalDataOptions } from "./config-options.js"
import { denialLines } from "./denial-lines.js"
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
  /** For whom a service asks. */
  readonly onBehalfOf?: { readonly id: string; readonly email?: string; readonly groups?: readonly string[] }
  readonly method: string
  readonly path: string
}

interface CheckOptions {
  readonly principal: string
  readonly email?: string
  readonly group?: readonly string[]
  readonly scope?: readonly string[]
  readonly onBehalfOf?: string
  readonly onBehalfOfEmail?: string
  readonly onBehalfOfGroup?: readonly string[]
  readonly url?: string
  readonly output: OutputFormat
}

/** `portcullis check`: exit 0 when allowed, 3 when denied. */
export function addCheck(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = program
    .command("check")
    .description("Ask for one decision, and why: of a running PDP, or of local files (--config, --data, --bindings); exits 0 or 3")
    .argument("<method>", "HTTP method, compared as it is: GET, not get")
    .argument("<path>", "request target, as it would come over the wire")
    .requiredOption("-p, --principal <principal>", "person's id or e-mail, or service:<id>; '' is nobody")
    .option("--email <address>", "verified e-mail address")
    .option("-g, --group <name>", "group; repeatable", collect)
    .option("-s, --scope <scope>", "scope of the token; repeatable; '' is a token without scopes; not given, nothing is restricted", collect)
    .option("--on-behalf-of <person>", "for whom the service asks; both must be allowed")
    .option("--on-behalf-of-email <address>", "his verified e-mail address")
    .option("--on-behalf-of-group <name>", "his group; repeatable", collect)
    .option("--url <url>", `a running PDP (default PORTCULLIS_URL or ${defaultUrl}, unless files or PORTCULLIS_CONFIG are given)`)
  withLocalDataOptions(command)
    .addOption(outputOption())
    .addHelpText("after", examples)
    .action(async (method: string, path: string, options: CheckOptions) => {
      const question = questionOf(method, path, options)
      const flags = ConfigFlags.parse(options)
      const isConfigured = [flags.config, flags.data, flags.bindings, flags.profile].some((flag) => flag !== undefined)
      if (options.url !== undefined && isConfigured) {
        terminal.err("portcullis: --url asks a running PDP, which has its own files; leave out --config, --data, --bindings and --profile\n")
        finish(exitCodes.usage)
        return
      }
      const isLocal = options.url === undefined && (isConfigured || Boolean(terminal.environment["PORTCULLIS_CONFIG"]))
      const answer = isLocal
        ? await checkLocally(question, flags, terminal)
        : await checkRemotely(question, options.url ?? terminal.environment["PORTCULLIS_URL"] ?? defaultUrl)
      terminal.out(rendered(options.output, answer, () => answerText(question, answer, terminal)))
      finish(answer.allowed ? exitCodes.ok : exitCodes.denied)
    })
}

const defaultUrl = "http://127.0.0.1:8181"

const examples = `
Examples:
  portcullis check -p ann@example.com GET /apis/models/v2/workspaces/ml-team/models
  portcullis check -p ann@example.com --scope models:read --url http://127.0.0.1:8181 GET /apis/models/v2/workspaces/ml-team/models
  portcullis check -p service:indexer --data authorization.yaml --bindings bindings.yaml GET /apis/entities/v2/workspaces`

function questionOf(method: string, path: string, options: CheckOptions): CheckQuestion {
  const { principal, email, group, scope, onBehalfOf, onBehalfOfEmail, onBehalfOfGroup } = options
  const scopes = scope?.flatMap((text) => text.split(" ").filter((part) => part !== ""))
  const delegate = onBehalfOf !== undefined && {
    id: onBehalfOf,
    ...(onBehalfOfEmail !== undefined && { email: onBehalfOfEmail }),
    ...(onBehalfOfGroup && { groups: onBehalfOfGroup }),
  }
  return {
    principal,
    method,
    path,
    groups: group ?? [],
    ...(email !== undefined && { email }),
    ...(scopes && { scopes }),
    ...(delegate && { onBehalfOf: delegate }),
  }
}

function answerText(question: CheckQuestion, answer: CheckAnswer, terminal: Terminal): string {
  if (answer.allowed) return `${[painted(terminal, "green", "allowed"), ...indented(answer.notes ?? [])].join("\n")}\n`
  const reasons = answer.reasons.length > 0 ? `: ${printable(answer.reasons.join(", "))}` : ""
  return `${[`${painted(terminal, "red", "denied")}${reasons}`, ...indented(denialLines(question, answer))].join("\n")}\n`
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${printable(line)}`)
}
