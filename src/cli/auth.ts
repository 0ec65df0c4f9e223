import type { Command } from "commander"
import { addAuthLogin } from "./auth-login.js"
import { addAuthLogout } from "./auth-logout.js"
import { addAuthRefresh } from "./auth-refresh.js"
import { addAuthStatus } from "./auth-status.js"
import { addAuthToken } from "./auth-token.js"
import type { ExitCode } from "./exit-code.js"
import type { Terminal } from "./terminal.js"

/** `portcullis auth login|status|token|refresh|logout`. */
export function addAuth(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const auth = program
    .command("auth")
    .description("Log in with the identity provider of a running sidecar; see who you are there; log out")
    .showSuggestionAfterError(false)
  addAuthLogin(auth, terminal, finish)
  addAuthStatus(auth, terminal, finish)
  addAuthToken(auth, terminal, finish)
  addAuthRefresh(auth, terminal, finish)
  addAuthLogout(auth, terminal, finish)
}
