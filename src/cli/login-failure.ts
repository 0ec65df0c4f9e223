import { PdpError } from "../errors.js"
import { printable } from "../model/printable.js"
import { exitCodes, failureText, type ExitCode } from "./exit-code.js"
import { loginStore } from "./login-folder.js"
import type { Terminal } from "./terminal.js"

/** Runs a command below `auth`: that nobody is logged in there, or that a provider refuses to, is an error, and no decision: exit 1. */
export async function orLoginFailure(run: () => Promise<ExitCode>, terminal: Terminal, finish: (code: ExitCode) => void): Promise<void> {
  try {
    finish(await run())
  } catch (thrown) {
    if (!(thrown instanceof PdpError) || thrown.code !== "ERR_UNAUTHENTICATED") throw thrown
    terminal.err(failureText(thrown))
    finish(exitCodes.error)
  }
}

/** Nothing to go on with. @param login the command that logs in */
export async function notLoggedIn(url: string, login: string, terminal: Terminal): Promise<PdpError> {
  const problem = `nobody is logged in to ${url}; log in with '${login}'${await otherLogins(terminal)}`
  return new PdpError("ERR_UNAUTHENTICATED", problem, { reason: "no_credentials" })
}

/** A sentence that names the sidecars with a login: one may be the same by another name. Empty when there is none. */
export async function otherLogins(terminal: Terminal): Promise<string> {
  const urls = await loginStore(terminal).urls()
  return urls.length === 0 ? "" : `. There ${urls.length === 1 ? "is a login" : "are logins"} for ${printable(urls.join(", "))}`
}
