import type { Command } from "commander"
import type { Terminal } from "./terminal.js"

/** What the flags of {@link withPasswordOptions} parse to. */
export interface PasswordOptions {
  readonly username?: string
  readonly password?: string
  readonly passwordStdin?: boolean
}

/** A name and a password for the identity provider (RFC 6749 section 4.3). */
export interface NameAndPassword {
  readonly username: string
  readonly password: string
}

/** Adds the flags that log in by password. */
export function withPasswordOptions(command: Command): Command {
  return command
    .option("--username <name>", "log in by password, where the provider allows it (also PORTCULLIS_OIDC_USERNAME)")
    .option("--password-stdin", "read the password from standard input")
    .option(
      "--password <password>",
      "the password; others on this machine can see it, and the shell keeps it: better PORTCULLIS_OIDC_PASSWORD or --password-stdin",
    )
}

/** Name and password, when flags or environment give them; one without the other is wrong usage, and ends the command. */
export async function namedPassword(options: PasswordOptions, command: Command, terminal: Terminal): Promise<NameAndPassword | undefined> {
  const { environment, input } = terminal
  if (options.passwordStdin && options.password !== undefined)
    return command.error("error: --password and --password-stdin exclude each other; leave one of them out")
  const username = options.username ?? environment["PORTCULLIS_OIDC_USERNAME"] ?? ""
  if (options.passwordStdin && username === "") return command.error(nameWanted)
  const password = options.passwordStdin ? (await input()).replace(/\r?\n$/, "") : (options.password ?? environment["PORTCULLIS_OIDC_PASSWORD"] ?? "")
  if (username !== "" && password !== "") return { username, password }
  if (username !== "") return command.error(passwordWanted)
  return password !== "" ? command.error(nameWanted) : undefined
}

const nameWanted = "error: there is a password, and no name; write --username or set PORTCULLIS_OIDC_USERNAME"
const passwordWanted =
  "error: there is a name, and no password; write --password-stdin or set PORTCULLIS_OIDC_PASSWORD, or leave --username and PORTCULLIS_OIDC_USERNAME out to log in by browser"
