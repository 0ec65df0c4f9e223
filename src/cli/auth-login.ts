import type { Command } from "commander"
import { examineToken } from "../doctor/index.js"
import { PdpError } from "../errors.js"
import {
  assertGranted,
  discoverLogin,
  issuerProblem,
  passwordLogin,
  requestedScopes,
  type LoginProvider,
  type StoredLogin,
  type Tokens,
} from "../login/index.js"
import { proposed } from "./api-options.js"
import { exitCodes, type ExitCode } from "./exit-code.js"
import { authorizationHeader } from "./identity.js"
import { loginByDevice } from "./login-by-device.js"
import { orLoginFailure } from "./login-failure.js"
import { loginStore } from "./login-folder.js"
import { namedPassword, withPasswordOptions, type NameAndPassword, type PasswordOptions } from "./login-password.js"
import { loginAnswer } from "./login-answer.js"
import { outputOption, type OutputFormat } from "./output.js"
import { assertMayCarrySecrets, sidecarUrl, urlFlag, withUrlOption } from "./sidecar-url.js"
import { printable } from "../model/printable.js"
import type { Terminal } from "./terminal.js"
import { whoAmI, type Caller } from "./who-am-i.js"

interface LoginOptions extends PasswordOptions {
  readonly url?: string
  readonly scope?: readonly string[]
  readonly browser: boolean
  readonly output: OutputFormat
}

/** `portcullis auth login`: by browser, or by name and password; nothing is stored that the sidecar does not accept. */
export function addAuthLogin(auth: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = auth
    .command("login")
    .description("Log in, by a page in a browser on any device; the commands that ask this sidecar use it from then on")
  withPasswordOptions(
    withUrlOption(command)
      .option(
        "--scope <scopes>",
        "ask for these, such as platform:read, and for those without a colon that the sidecar names; repeatable",
        collectScopes,
      )
      .option("--no-browser", "only print the page, do not open it"),
  )
    .addOption(outputOption())
    .addHelpText("after", examples)
    .action((options: LoginOptions) => orLoginFailure(() => login(options, command, terminal), terminal, finish))
}

const examples = `
Examples:
  portcullis auth login
  portcullis auth login --url https://portcullis.example.com --scope platform:read --no-browser
  portcullis auth login --username ci@example.com --password-stdin < password.txt`

function collectScopes(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), ...value.split(/[\s,]+/).filter((scope) => scope !== "")]
}

async function login(options: LoginOptions, command: Command, terminal: Terminal): Promise<ExitCode> {
  const url = sidecarUrl(options.url, command, terminal)
  const given = await namedPassword(options, command, terminal)
  assertMayCarrySecrets(url)
  const { authEnabled, provider } = await discoverLogin(url)
  if (!authEnabled) {
    terminal.err(`${url} does not look at logins (auth.enabled: false), so there is nothing to do\n`)
    return exitCodes.ok
  }
  if (!provider) throw noProvider(url)
  await assertUsable(provider, given !== undefined)
  await assertStorable(url, terminal)
  terminal.err(`Logging in to ${url} with ${printable(provider.issuer)}, as client ${printable(provider.clientId)}${whereTo(provider)}\n`)
  const scopes = requestedScopes(provider, options.scope)
  const tokens = await tokensFor(provider, scopes, given, options, terminal)
  if (!tokens) {
    const stays = (await loginStore(terminal).read(url)) ? "the earlier login stays" : "nobody is logged in"
    terminal.err(`portcullis: interrupted; ${stays}, and nothing is stored\n`)
    return exitCodes.error
  }
  assertGranted(provider, scopes, tokens)
  const caller = await acceptedCaller(url, tokens, options, terminal)
  await loginStore(terminal).write(url, storedLogin(provider, scopes, tokens))
  terminal.out(loginAnswer({ url, provider, tokens, caller, file: loginStore(terminal).file, now: terminal.now() }, options.output))
  tellWhatComesFirst(terminal)
  return exitCodes.ok
}

function noProvider(url: string): PdpError {
  return new PdpError(
    "ERR_NOT_FOUND",
    `${url} names no identity provider to log in with; configure auth.oidc.issuer and auth.oidc.client_id there, or name somebody with --as on its own machine`,
  )
}

/** Where an endpoint is missing, its issuer is asked why. */
async function assertUsable({ issuer, tokenEndpoint, deviceAuthorizationEndpoint }: LoginProvider, byPassword: boolean): Promise<void> {
  const missing = tokenEndpoint === undefined ? "token_endpoint" : "device_authorization_endpoint"
  if (tokenEndpoint !== undefined && (byPassword || deviceAuthorizationEndpoint !== undefined)) return
  const found = await issuerProblem(issuer)
  if (found) {
    const or = found.named === undefined ? `, or configure auth.oidc.${missing} there` : ""
    throw new PdpError("ERR_NOT_FOUND", `${printable(found.problem)}; ${printable(found.remedy)}${or}`)
  }
  const otherwise = tokenEndpoint === undefined ? "" : ", or log in by name and password with --username"
  throw new PdpError(
    "ERR_NOT_FOUND",
    `neither the sidecar nor the discovery document of ${printable(issuer)} names a ${missing}; configure auth.oidc.${missing} there${otherwise}`,
  )
}

/** Nobody should log in first, and learn then that it cannot be kept. */
async function assertStorable(url: string, terminal: Terminal): Promise<void> {
  const store = loginStore(terminal)
  await store.locked(() => store.read(url))
}

/** The host that gets the secrets, where the issuer does not tell. */
function whereTo({ issuer, tokenEndpoint = "" }: LoginProvider): string {
  const host = URL.canParse(tokenEndpoint) ? new URL(tokenEndpoint).host : ""
  return URL.canParse(issuer) && new URL(issuer).host === host ? "" : `, at ${host}`
}

function tokensFor(
  provider: LoginProvider,
  scopes: readonly string[],
  given: NameAndPassword | undefined,
  { browser }: LoginOptions,
  terminal: Terminal,
): Promise<Tokens | undefined> {
  return given ? passwordLogin(provider, scopes, given) : loginByDevice(provider, scopes, browser, terminal)
}

/** Whom the sidecar takes the new login for: now is the time to notice that issuer, audience or claims do not fit. */
async function acceptedCaller(url: string, { accessToken }: Tokens, options: LoginOptions, terminal: Terminal): Promise<Caller | undefined> {
  const said = await whoAmI(url, authorizationHeader(accessToken))
  if (said.kind === "accepted") return said.caller
  if (said.kind === "unknown") {
    terminal.err(`portcullis: the provider has let you in, and the sidecar cannot tell yet whether it accepts that: ${printable(said.why)}\n`)
    return undefined
  }
  const causes = await examineToken({ url, token: accessToken, hooks: { now: terminal.now } })
  const lines = causes.flatMap(({ check, detail, remedy }) => [`${check}: ${detail}`, ...(remedy === undefined ? [] : [`  → ${remedy}`])])
  throw new PdpError(
    "ERR_UNAUTHENTICATED",
    [
      `the provider has let you in, but ${url} does not accept its token, so that nothing is stored`,
      `${printable(said.code)}: ${printable(said.detail)}`,
      ...lines,
      "This also looks at the sidecar's side, best with its configuration by --config:",
      `  ${proposed({ flags: urlFlag(options.url) }, "doctor")}`,
    ].join("\n"),
    { reason: said.code },
  )
}

function storedLogin({ issuer, clientId, tokenEndpoint, scopePrefix }: LoginProvider, scopes: readonly string[], tokens: Tokens): StoredLogin {
  return {
    issuer,
    clientId,
    tokens,
    scopes,
    ...(tokenEndpoint !== undefined && { tokenEndpoint }),
    ...(scopePrefix !== undefined && { scopePrefix }),
  }
}

function tellWhatComesFirst({ environment, err }: Terminal): void {
  for (const name of ["PORTCULLIS_TOKEN", "PORTCULLIS_PRINCIPAL"])
    if (environment[name]) return err(`portcullis: ${name} is set and comes before this login; unset it\n`)
}
