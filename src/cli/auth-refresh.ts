import type { Command } from "commander"
import { freshAccessToken } from "../login/index.js"
import { proposed } from "./api-options.js"
import { exitCodes, type ExitCode } from "./exit-code.js"
import { notLoggedIn, orLoginFailure } from "./login-failure.js"
import { loginStore } from "./login-folder.js"
import { sidecarUrl, urlFlag, withUrlOption } from "./sidecar-url.js"
import type { Terminal } from "./terminal.js"
import { shownEnd } from "./time-left.js"

/** `portcullis auth refresh`: a new access token now. */
export function addAuthRefresh(auth: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = auth.command("refresh").description("Get a new access token now; commands do so themselves when it is about to expire")
  withUrlOption(command)
    .addHelpText("after", "\nExamples:\n  portcullis auth refresh\n  portcullis auth refresh --url https://portcullis.example.com")
    .action((options: { readonly url?: string }) => orLoginFailure(() => refresh(options.url, command, terminal), terminal, finish))
}

async function refresh(flag: string | undefined, command: Command, terminal: Terminal): Promise<ExitCode> {
  const url = sidecarUrl(flag, command, terminal)
  const store = loginStore(terminal)
  const onRefresh = (_: boolean, host: string): void => terminal.err(`portcullis: the login is refreshed at ${host}\n`)
  const token = await freshAccessToken(store, url, { now: terminal.now, force: true, onRefresh })
  if (token === undefined) throw await notLoggedIn(url, proposed({ flags: urlFlag(flag) }, "auth", "login"), terminal)
  const { expiresAt } = (await store.read(url))?.tokens ?? {}
  const end = expiresAt === undefined ? "" : `; it expires ${shownEnd(expiresAt, terminal.now())}`
  terminal.out(`There is a new token for ${url}${end}\n`)
  if (terminal.environment["PORTCULLIS_TOKEN"]) terminal.err("portcullis: PORTCULLIS_TOKEN is set and comes before it; unset it\n")
  return exitCodes.ok
}
