import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import type { Command } from "commander"
import type { Credentials } from "../doctor/index.js"
import { messageOf, PdpError } from "../errors.js"
import { failureText } from "./exit-code.js"
import { identityFor } from "./identity.js"
import { loginStore } from "./login-folder.js"
import type { Terminal } from "./terminal.js"

/** What the flags that say who asks parse to. */
export interface CredentialOptions {
  readonly token?: string
  /** `-`: what is piped in. */
  readonly tokenFile?: string
  readonly as?: string
}

/**
 * What comes first of `--token`, `--token-file` and who asks by default. A stored login is refreshed when it is about to expire; when that fails, that
 * is said, and its token given as it is.
 *
 * @param url of the sidecar
 * @throws {PdpError} as `identityFor` does
 */
export async function credentialsAtHand(
  options: CredentialOptions,
  url: string,
  command: Command,
  terminal: Terminal,
): Promise<Credentials | undefined> {
  const { token, tokenFile, as } = options
  if (token !== undefined) return given(token, "--token", command)
  if (tokenFile === "-") return given(await terminal.input(), "what is piped in", command)
  if (tokenFile !== undefined) return given(await contentOf(resolve(terminal.workingFolder, tokenFile)), "--token-file", command)
  const identity = await identityFor(url, as, command, terminal)
  if (identity?.kind === "principal")
    return { principal: identity.principal, source: identity.source === "PORTCULLIS_PRINCIPAL" ? identity.source : "flag" }
  if (!identity) return undefined
  const { source } = identity
  try {
    return { token: await identity.token(), source }
  } catch (thrown) {
    if (!(thrown instanceof PdpError)) throw thrown
    terminal.err(failureText(thrown))
    const stored = await loginStore(terminal).read(url)
    return stored && { token: stored.tokens.accessToken, source }
  }
}

function given(text: string, source: string, command: Command): Credentials {
  const token = text.trim().replace(/^Bearer /i, "")
  return token === "" ? command.error(`error: ${source} is empty, and a token is due`) : { token, source: "flag" }
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8")
  } catch (cause) {
    throw new PdpError("ERR_INPUT_INVALID", `cannot read the token from ${file}: ${messageOf(cause)}`, { cause })
  }
}
