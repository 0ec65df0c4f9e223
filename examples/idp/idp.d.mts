import type { IncomingMessage, ServerResponse } from "node:http"
import type { JWK } from "jose"

/** Settings of {@link startIdp}. */
export interface IdpOptions {
  /** Default: one that is free. */
  readonly port?: number
  /** What stands before `platform:read` and `platform:write`. Default: nothing. */
  readonly scopePrefix?: string
  /** What access tokens are signed with; the IdP has a key for both. Default: RS256. */
  readonly algorithm?: "RS256" | "ES256"
  /** Default: 3600. */
  readonly accessTokenSeconds?: number
  /** Default: 600. */
  readonly deviceCodeSeconds?: number
  /** How long a device is told to wait between polls. Default: 5. */
  readonly intervalSeconds?: number
  /** Is a poll that comes so long after the one before answered by `slow_down`? Default: when it is less than the interval. */
  readonly isTooSoon?: (milliseconds: number) => boolean
  /** Which of the scopes that were asked for are granted. Default: all. */
  readonly granted?: (scopes: readonly string[]) => readonly string[]
  /** Sees each request first. @returns true when it answers itself */
  readonly before?: (request: IncomingMessage, response: ServerResponse) => boolean
}

/** An IdP that listens. */
export interface Idp {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly issuer: string
  readonly port: number
  /** Makes new keys and signs with them. Default: the old ones stay in the JWKS. */
  rotateKeys(options?: { readonly keepOld?: boolean }): Promise<void>
  /** The private keys, the newest first: one for each algorithm. */
  signingKeys(): readonly JWK[]
  /** Makes every device code, or every refresh token, expire now. */
  expire(model: "DeviceCode" | "RefreshToken"): void
  goDown(): Promise<void>
  /** On the same port, with what it knew. */
  comeBack(): Promise<void>
  stop(): Promise<void>
}

/** Starts an identity provider for trying things out, on 127.0.0.1. Needs the package `oidc-provider`. */
export function startIdp(options?: IdpOptions): Promise<Idp>

/** Somebody who can log in; the password is the name. */
export interface Account {
  readonly name: string
  readonly sub: string
  readonly email?: string
  readonly upn: string
  readonly groups: readonly string[]
}

/** Every account by its name. */
export const accounts: ReadonlyMap<string, Account>

/** What a token says of an account beside its `sub`. */
export function claimsOf(account: Account): Readonly<Record<string, unknown>>
