import { PdpError } from "../errors.js"
import type { CredentialStore, StoredLogin } from "./credential-store.js"
import type { LoginHooks } from "./hooks.js"
import { refreshLogin } from "./refresh-login.js"
import type { Tokens } from "./tokens.js"

/** When to refresh, and whom to tell. */
export interface FreshTokenOptions extends LoginHooks {
  /** Default 300. */
  readonly refreshBeforeSeconds?: number
  /** Refreshes whatever is left of it; failures are not tolerated then. */
  readonly force?: boolean
  /**
   * Told before the refresh token is sent.
   *
   * @param hasExpired there is no time left of the token that is replaced
   * @param host where it is sent to, with its port
   */
  onRefresh?(hasExpired: boolean, host: string): void
  /** Told what went wrong although there is a token: it could not be refreshed yet, or not be kept. */
  onProblem?(problem: unknown): void
}

/**
 * The access token of a login, refreshed when it ends soon. Of several processes one refreshes, and the others take what it got.
 *
 * @param url of the sidecar
 * @returns undefined when nothing is stored
 * @throws {PdpError} `ERR_UNAUTHENTICATED`, reason `login_expired`, when it has ended and cannot be refreshed; `ERR_IDP_UNAVAILABLE` when it has
 *   ended and the IdP cannot be asked
 */
export async function freshAccessToken(store: CredentialStore, url: string, options: FreshTokenOptions = {}): Promise<string | undefined> {
  const { now = Date.now, refreshBeforeSeconds = 300, force = false } = options
  const login = await store.read(url)
  if (!login) return undefined
  const isDue = ({ tokens }: StoredLogin): boolean => leftMs(tokens, now()) < refreshBeforeSeconds * 1_000
  if (!force && !isDue(login)) return login.tokens.accessToken
  try {
    assertRefreshable(login)
    return await store.locked(async () => {
      const present = await store.read(url)
      const isOther = present?.tokens.accessToken !== login.tokens.accessToken
      if (!present || (isOther && !isDue(present))) return present?.tokens.accessToken
      assertRefreshable(present)
      return await refreshed(store, url, present, options)
    })
  } catch (thrown) {
    const isOver = leftMs(login.tokens, now()) <= 0
    if (isOver) throw ended(login, thrown)
    if (force) throw thrown
    options.onProblem?.(thrown)
    return login.tokens.accessToken
  }
}

const refreshTimeoutMs = 15_000

async function refreshed(store: CredentialStore, url: string, login: StoredLogin, options: FreshTokenOptions): Promise<string> {
  const { login: used, tokens } = await answered(store, url, login, options)
  try {
    await store.write(url, { ...used, tokens })
  } catch (thrown) {
    options.onProblem?.(thrown)
  }
  return tokens.accessToken
}

interface Refresh {
  readonly login: StoredLogin
  readonly tokens: Tokens
}

/** A refresh token that is taken no longer may have been used by somebody who does not lock: what they got is tried, once. */
async function answered(store: CredentialStore, url: string, login: StoredLogin, options: FreshTokenOptions): Promise<Refresh> {
  try {
    return { login, tokens: await asked(login, options) }
  } catch (thrown) {
    if (!isRefreshExpired(thrown)) throw thrown
    const present = await store.read(url)
    if (!present || present.tokens.refreshToken === login.tokens.refreshToken) throw thrown
    return { login: present, tokens: await asked(present, options) }
  }
}

async function asked(login: StoredLogin, options: FreshTokenOptions): Promise<Tokens> {
  const { issuer, clientId, tokenEndpoint, scopePrefix, scopes, tokens } = login
  const { refreshToken = "" } = tokens
  const provider = {
    issuer,
    clientId,
    defaultScopes: [],
    ...(tokenEndpoint !== undefined && { tokenEndpoint }),
    ...(scopePrefix !== undefined && { scopePrefix }),
  }
  const { now = Date.now } = options
  if (tokenEndpoint !== undefined && URL.canParse(tokenEndpoint)) options.onRefresh?.(leftMs(tokens, now()) <= 0, new URL(tokenEndpoint).host)
  const fresh = await refreshLogin(provider, refreshToken, scopes, { timeoutMs: refreshTimeoutMs, ...options })
  return { ...(tokens.scopes && { scopes: tokens.scopes }), ...fresh }
}

function leftMs({ expiresAt = Infinity }: Tokens, now: number): number {
  return expiresAt - now
}

function isRefreshExpired(thrown: unknown): boolean {
  return thrown instanceof PdpError && thrown.reason === "refresh_expired"
}

function assertRefreshable({ issuer, tokenEndpoint, tokens }: StoredLogin): void {
  if (tokens.refreshToken !== undefined && tokenEndpoint !== undefined) return
  const problem = `the login at ${issuer} cannot be refreshed: ${tokens.refreshToken === undefined ? "the IdP gave no refresh token" : "its token endpoint is not known"}`
  const remedy = "run 'portcullis auth login'; with offline_access among the scopes most IdPs give a refresh token"
  throw new PdpError("ERR_UNAUTHENTICATED", `${problem}; ${remedy}`, { reason: "refresh_expired", details: { problem, remedy } })
}

/** What it means when a login that has ended is not refreshed. */
function ended({ issuer }: StoredLogin, thrown: unknown): unknown {
  if (!(thrown instanceof PdpError) || thrown.reason !== "refresh_expired") return thrown
  const problem = `the login at ${issuer} has expired and cannot be refreshed`
  const remedy = "run 'portcullis auth login'"
  return new PdpError("ERR_UNAUTHENTICATED", `${problem}; ${remedy} (${thrown.message})`, {
    reason: "login_expired",
    cause: thrown,
    details: { ...thrown.details, problem, remedy },
  })
}
