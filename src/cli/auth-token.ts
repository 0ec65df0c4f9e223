import type { Command } from "commander"
import { PdpError } from "../errors.js"
import { decodedToken } from "../login/index.js"
import { proposed } from "./api-options.js"
import { exitCodes, type ExitCode } from "./exit-code.js"
import { environmentToken, loggedIn } from "./identity.js"
import { notLoggedIn, orLoginFailure } from "./login-failure.js"
import { loginStore } from "./login-folder.js"
import { jsonText } from "./output.js"
import { sidecarUrl, urlFlag, withUrlOption } from "./sidecar-url.js"
import type { Terminal } from "./terminal.js"

interface TokenOptions {
  readonly url?: string
  readonly refresh: boolean
  readonly decode?: boolean
}

/** `portcullis auth token`: the access token and nothing else, for other programs. */
export function addAuthToken(auth: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = auth.command("token").description("Print the access token, refreshed when it is about to expire; --decode prints what it says")
  withUrlOption(command)
    .option("--no-refresh", "print what is stored, even when it has expired")
    .option("--decode", "print header and claims as JSON instead; nothing is verified")
    .addHelpText("after", examples)
    .action((options: TokenOptions) => orLoginFailure(() => printToken(options, command, terminal), terminal, finish))
}

const examples = `
Examples:
  curl -H "Authorization: Bearer $(portcullis auth token)" http://127.0.0.1:8181/apis/auth/authenticate
  portcullis auth token --decode`

async function printToken(options: TokenOptions, command: Command, terminal: Terminal): Promise<ExitCode> {
  const url = sidecarUrl(options.url, command, terminal)
  const token = await currentToken(url, options, command, terminal)
  if (token === undefined) throw await notLoggedIn(url, proposed({ flags: urlFlag(options.url) }, "auth", "login"), terminal)
  terminal.out(options.decode ? decoded(token) : `${token}\n`)
  return exitCodes.ok
}

async function currentToken(url: string, { refresh }: TokenOptions, command: Command, terminal: Terminal): Promise<string | undefined> {
  const given = environmentToken(command, terminal)
  if (given !== undefined) return given
  if (refresh) return (await loggedIn(url, terminal))?.token()
  const stored = await loginStore(terminal).read(url)
  const { expiresAt = Infinity } = stored?.tokens ?? {}
  if (expiresAt <= terminal.now()) terminal.err("portcullis: this token has expired\n")
  return stored?.tokens.accessToken
}

function decoded(token: string): string {
  const said = decodedToken(token)
  if (said) return jsonText(said)
  throw new PdpError("ERR_INPUT_INVALID", "this token is no JWT, so that only the provider knows what it says; leave out --decode")
}
