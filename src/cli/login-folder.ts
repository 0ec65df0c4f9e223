import { isAbsolute, join } from "node:path"
import { credentialStore, type CredentialStore } from "../login/index.js"
import type { Terminal } from "./terminal.js"

/** Where people's logins are kept: `$XDG_CONFIG_HOME/portcullis`, else `~/.config/portcullis`. */
export function loginFolder({ environment, homeFolder }: Pick<Terminal, "environment" | "homeFolder">): string {
  const named = environment["XDG_CONFIG_HOME"] ?? ""
  // The XDG specification says to ignore relative ones.
  return join(isAbsolute(named) ? named : join(homeFolder, ".config"), "portcullis")
}

/** The logins in {@link loginFolder}. What had to be put right there is said on the terminal. */
export function loginStore(terminal: Pick<Terminal, "environment" | "homeFolder" | "err">): CredentialStore {
  return credentialStore(loginFolder(terminal), { onNotice: (text) => terminal.err(`portcullis: ${text}\n`) })
}
