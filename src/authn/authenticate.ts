import type { Principal } from "../model/principal.js"
import { bearerToken } from "./bearer-token.js"
import type { Caller } from "./caller.js"
import { headerCaller } from "./header-principal.js"
import { identityHeaders } from "./identity-headers.js"
import { configuredIssuers } from "./issuer.js"
import type { IssuerStatus } from "./key-set.js"
import { authenticationSettings, type AuthenticationOptions, type AuthenticationSettings } from "./options.js"
import type { Trust } from "./peer.js"
import { refused } from "./reasons.js"
import { tokenReader } from "./token-reader.js"
import type { OnWait } from "./waiting-room.js"

/** What a request says about who sends it. */
export interface Credentials {
  /** Names and values of the headers in turn, as they came over the wire. */
  readonly rawHeaders: readonly string[]
  /** How far the peer is believed that connects. */
  readonly trust: Trust
  /** Told when the request waits for an identity provider, so that it takes no place of others meanwhile. */
  readonly onWait?: OnWait | undefined
}

/** The function of {@link Authentication}. */
export type Authenticate = Authentication["authenticate"]

/** Finds out who asks. */
export interface Authentication {
  /**
   * Who sends a request; nobody when it holds no credentials.
   *
   * @throws {PdpError} `ERR_UNAUTHENTICATED` with the reason when credentials are refused, `ERR_INPUT_INVALID` when they are malformed or
   * contradict each other, `ERR_IDP_UNAVAILABLE` when the keys of their issuer cannot be had
   */
  readonly authenticate: (credentials: Credentials) => Promise<Caller>
  /** What is known of each issuer. */
  readonly issuers: () => readonly IssuerStatus[]
  /** Asks every issuer for its keys, so that the first token need not wait, and one that cannot be asked is known at once. Never rejects. */
  readonly fetchKeys: () => Promise<void>
  /** After how many seconds it is worth trying again when an issuer cannot be asked. */
  readonly retrySeconds: number
}

/**
 * Credentials are a bearer token, or the headers `X-NMP-Principal-*` and `X-NMP-Scopes` of a peer that may say who asks: one that is listed, or
 * one on this machine while no issuer is configured. A token goes before headers.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the option
 */
export function authentication(options: AuthenticationOptions = {}): Authentication {
  const settings = authenticationSettings(options)
  const issuers = configuredIssuers(settings)
  const tokens = tokenReader(issuers, settings)
  const { enabled, headerPrefix } = settings
  const believesHeaders = (trust: Trust): boolean => trust === "listed" || (trust === "local" && (!enabled || issuers.size === 0))
  return {
    async authenticate({ rawHeaders, trust, onWait }) {
      const headers = identityHeaders(rawHeaders, headerPrefix)
      const token = enabled ? bearerToken(headers.get("authorization")) : undefined
      const sentId = headers.get("x-nmp-principal-id") ?? ""
      if (token !== undefined) {
        const caller = await tokens.read(token, trust, onWait)
        if (sentId !== "" && believesHeaders(trust)) assertSame(caller.principal, sentId)
        return caller
      }
      if (sentId === "") return nobody
      if (!believesHeaders(trust)) throw headerRejected(issuers.size > 0, settings)
      return headerCaller(headers, sentId, headerPrefix)
    },
    issuers: tokens.issuers,
    fetchKeys: tokens.fetchKeys,
    retrySeconds: Math.max(1, Math.ceil(settings.jwksCooldownSeconds)),
  }
}

const nobody: Caller = { principal: { id: "" }, proof: "none", dropped: [] }

function headerRejected(hasIssuers: boolean, { enabled, headerPrefix }: AuthenticationSettings): Error {
  const name = `${headerPrefix}Principal-Id`
  if (enabled && hasIssuers)
    return refused(
      "principal_header_rejected",
      `${name} is not believed from here, because OIDC is on`,
      "log in and send the token, or list the peer in trusted_peers",
    )
  return refused(
    "principal_header_rejected",
    `${name} is believed from trusted peers only, and this machine is none for what a proxy passed on`,
    "call without a proxy in between, or list the peer in trusted_peers",
  )
}

function assertSame({ id, email }: Principal, sentId: string): void {
  if (sentId !== id && sentId !== email) throw refused("principal_mismatch")
}
