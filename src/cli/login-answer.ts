import type { LoginProvider, Tokens } from "../login/index.js"
import { rendered, type OutputFormat } from "./output.js"
import { facts } from "./table.js"
import { shownEnd, shownTime } from "./time-left.js"
import type { Caller } from "./who-am-i.js"

/** A login that worked. */
export interface Login {
  readonly url: string
  readonly provider: LoginProvider
  readonly tokens: Tokens
  /** Undefined: the sidecar could not tell yet. */
  readonly caller: Caller | undefined
  /** Where it is kept. */
  readonly file: string
  /** In ms since the epoch. */
  readonly now: number
}

/** Who is logged in now, with which scopes, until when. */
export function loginAnswer({ url, provider, tokens, caller, file, now }: Login, output: OutputFormat): string {
  const { scopes = tokens.scopes, principal, email } = caller ?? {}
  const { expiresAt, refreshToken } = tokens
  const answer = {
    sidecar: url,
    issuer: provider.issuer,
    principal: principal ?? null,
    email: email ?? null,
    scopes: scopes ?? null,
    expires_at: expiresAt === undefined ? null : shownTime(expiresAt),
    refreshable: refreshToken !== undefined,
    credentials_file: file,
  }
  return rendered(output, answer, () =>
    facts([
      ["Logged in to", url],
      ["As", email && email !== principal ? `${email} (${principal})` : principal],
      ["Scopes", scopes?.join(" ")],
      ["Expires", expiresAt === undefined ? "the provider does not say" : shownEnd(expiresAt, now)],
      ["Refreshed", refreshToken === undefined ? "no: the provider gave no refresh token; ask for offline_access" : "when it is about to expire"],
    ]),
  )
}
