import type { Command } from "commander"
import { printable } from "../model/printable.js"
import { quoted } from "./curl-line.js"
import { identityFor, type Identity } from "./identity.js"
import { otherLogins } from "./login-failure.js"
import { sidecarUrl, urlFlag, withUrlOption } from "./sidecar-url.js"
import { ourName } from "./our-name.js"
import type { Terminal } from "./terminal.js"

/** The sidecar that is asked, and who asks. */
export interface ApiTarget {
  /** Without a slash at the end. */
  readonly url: string
  readonly identity: Identity
  /** The flags that named the two, to be repeated where a command is proposed. */
  readonly flags: readonly string[]
}

/** What the flags of {@link withApiOptions} parse to. */
export interface ApiOptions {
  readonly url?: string
  readonly as?: string
}

/** Adds the flags that say which sidecar is asked, and for whom. */
export function withApiOptions(command: Command): Command {
  return withUrlOption(command).option(
    "--as <principal>",
    "who asks, where the sidecar believes a name: a person's id or e-mail, or service:<id> (also PORTCULLIS_PRINCIPAL); default: who is logged in",
  )
}

/** What flags, environment and stored logins name. Anything else is wrong usage, and ends the command. */
export async function apiTarget(options: ApiOptions, command: Command, terminal: Terminal): Promise<ApiTarget> {
  const { url, as } = options
  const sidecar = sidecarUrl(url, command, terminal)
  const flags = urlFlag(url)
  const identity = await identityFor(sidecar, as, command, terminal)
  if (!identity)
    return command.error(
      `error: no_credentials: it is not said who asks; log in with '${proposed({ flags }, "auth", "login")}', or write --as <principal> or set PORTCULLIS_PRINCIPAL${await otherLogins(terminal)}`,
    )
  return { url: sidecar, identity, flags: [...flags, ...(as === undefined ? [] : ["--as", as])] }
}

/** A command of ours, ready to be pasted. `<…>` stays as it is, to be filled in. */
export function proposed({ flags }: Pick<ApiTarget, "flags">, ...args: readonly string[]): string {
  return [ourName, ...[...args, ...flags].map((word) => (plain.test(word) ? word : quoted(printable(word))))].join(" ")
}

/** The flags of a target that name the sidecar alone. */
export function urlFlags({ flags }: Pick<ApiTarget, "flags">): readonly string[] {
  return flags[0] === "--url" ? flags.slice(0, 2) : []
}

const plain = /^[\w@.:/=+,-]+$|^<[a-z ]+>$/
