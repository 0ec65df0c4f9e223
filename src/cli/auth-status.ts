import type { Command } from "commander"
import { PdpError } from "../errors.js"
import { discoverLogin, type StoredLogin } from "../login/index.js"
import { proposed, withApiOptions, type ApiOptions } from "./api-options.js"
import { exitCodes, type ExitCode } from "./exit-code.js"
import { authorizationHeader, identityFor, identityHeaders, type BearerToken, type Identity } from "./identity.js"
import { orLoginFailure } from "./login-failure.js"
import { loginStore } from "./login-folder.js"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import { sidecarUrl, urlFlag } from "./sidecar-url.js"
import { statusFacts, statusTable } from "./status-facts.js"
import type { Terminal } from "./terminal.js"
import { whoAmI } from "./who-am-i.js"

interface StatusOptions extends ApiOptions {
  readonly output: OutputFormat
  readonly refresh: boolean
}

/** `portcullis auth status`: exit 0 when the sidecar accepts the credentials, or cannot be asked and they have not expired. */
export function addAuthStatus(auth: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = auth
    .command("status")
    .description("Show who asks, by which credentials, until when, and what the sidecar says of them; exits 0 or 1")
  withApiOptions(command)
    .option("--no-refresh", "do not refresh a login that is about to expire")
    .addOption(outputOption())
    .addHelpText("after", "\nExamples:\n  portcullis auth status\n  portcullis auth status --url https://portcullis.example.com --output json")
    .action((options: StatusOptions) => orLoginFailure(() => showStatus(options, command, terminal), terminal, finish))
}

async function showStatus(options: StatusOptions, command: Command, terminal: Terminal): Promise<ExitCode> {
  const url = sidecarUrl(options.url, command, terminal)
  const identity = await identityFor(url, options.as, command, terminal)
  const held = identity?.kind === "token" ? await heldToken(url, identity, options.refresh, terminal) : {}
  const headers = held.token === undefined ? undefined : authorizationHeader(held.token)
  const [discovered, said] = await Promise.all([
    orProblem(() => discoverLogin(url)),
    identity && whoAmI(url, identity.kind === "token" ? (headers ?? {}) : await identityHeaders(identity)),
  ])
  const { file } = loginStore(terminal)
  const notes = [discovered.problem, held.problem, await unusedLogin(url, identity, terminal)].filter((note) => note !== undefined)
  const login = proposed({ flags: urlFlag(options.url) }, "auth", "login")
  const facts = statusFacts({
    url,
    identity,
    said,
    file,
    others: await loginStore(terminal).urls(),
    notes,
    login,
    now: terminal.now(),
    discovered: discovered.value,
    ...held,
  })
  terminal.out(rendered(options.output, facts, () => statusTable(facts)))
  return facts.valid ? exitCodes.ok : exitCodes.error
}

interface Held {
  readonly token?: string | undefined
  readonly stored?: StoredLogin | undefined
  readonly problem?: string | undefined
}

/** The token that a command would send; when it cannot be refreshed, the one that there is. */
async function heldToken(url: string, identity: BearerToken, refresh: boolean, terminal: Terminal): Promise<Held> {
  if (identity.source === "PORTCULLIS_TOKEN") return { token: await identity.token() }
  const { value, problem } = refresh ? await orProblem(() => identity.token()) : {}
  const stored = await loginStore(terminal).read(url)
  return { token: value ?? stored?.tokens.accessToken, stored, problem }
}

async function orProblem<Value>(run: () => Promise<Value>): Promise<{ readonly value?: Value; readonly problem?: string }> {
  try {
    return { value: await run() }
  } catch (thrown) {
    if (thrown instanceof PdpError) return { problem: thrown.message }
    throw thrown
  }
}

async function unusedLogin(url: string, identity: Identity | undefined, terminal: Terminal): Promise<string | undefined> {
  if (!identity || identity.source === "login" || !(await loginStore(terminal).read(url))) return undefined
  return `${identity.source} comes before the stored login`
}
