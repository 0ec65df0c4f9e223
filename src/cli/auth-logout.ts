import type { Command } from "commander"
import { rm } from "node:fs/promises"
import { exitCodes, type ExitCode } from "./exit-code.js"
import { orLoginFailure } from "./login-failure.js"
import { loginStore } from "./login-folder.js"
import { sidecarUrl, withUrlOption } from "./sidecar-url.js"
import type { Terminal } from "./terminal.js"

interface LogoutOptions {
  readonly url?: string
  readonly all?: boolean
}

/** `portcullis auth logout`: forgets the login; asks nobody, so that it works while the sidecar is away. */
export function addAuthLogout(auth: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = auth.command("logout").description("Forget the login for this sidecar; the provider keeps its own session in the browser")
  withUrlOption(command)
    .option("--all", "forget the logins for all sidecars")
    .addHelpText("after", "\nExamples:\n  portcullis auth logout\n  portcullis auth logout --all")
    .action((options: LogoutOptions) => orLoginFailure(() => logout(options, command, terminal), terminal, finish))
}

async function logout({ url, all }: LogoutOptions, command: Command, terminal: Terminal): Promise<ExitCode> {
  if (all && url !== undefined) return command.error("error: --all and --url exclude each other; leave one of them out")
  const store = loginStore(terminal)
  if (all) {
    await store.locked(() => rm(store.file, { force: true }))
    terminal.out("Logged out of all sidecars\n")
  } else {
    const sidecar = sidecarUrl(url, command, terminal)
    terminal.out((await store.remove(sidecar)) ? `Logged out of ${sidecar}\n` : `Nobody was logged in to ${sidecar}\n`)
  }
  for (const name of ["PORTCULLIS_TOKEN", "PORTCULLIS_PRINCIPAL"])
    if (terminal.environment[name]) terminal.err(`portcullis: ${name} is still set, and says who asks; unset it, too\n`)
  return exitCodes.ok
}
