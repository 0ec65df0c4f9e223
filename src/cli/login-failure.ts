import { PdpError } from "../errors.js"
import { exitCodes, failureText, type ExitCode } from "./exit-code.js"
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
export function notLoggedIn(url: string, login: string): PdpError {
  return new PdpError("ERR_UNAUTHENTICATED", `nobody is logged in to ${url}; log in with '${login}'`, { reason: "no_credentials" })
}
