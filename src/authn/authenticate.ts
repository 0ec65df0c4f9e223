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

/** What a request says about who sends it. */
export interface Credentials {
  /** Names and values of the headers in turn, as they came over the wire. */
  readonly rawHeaders: readonly string[]
  /** How far the peer is believed that connects. */
  readonly trust: Trust
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
    async authenticate({ rawHeaders, trust }) {
      const headers = identityHeaders(rawHeaders, headerPrefix)
      const token = enabled ? bearerToken(headers.get("authorization")) : undefined
      const sentId = headers.get("x-nmp-principal-id") ?? ""
      if (token !== undefined) {
        const caller = await tokens.read(token, trust)
        if (sentId !== "" && believesHeaders(trust)) assertSame(caller.principal, sentId)
        return caller
      }
      if (sentId === "") return nobody
      if (!believesHeaders(trust)) throw headerRejected(issuers.size > 0, settings)
      return headerCaller(headers, sentId, headerPrefix)
    },
    issuers: tokens.issuers,
    fetchKeys: tokens.fetchKeys,
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
  const remedy = "call the sidecar directly, or list the peer in trusted_peers"
  return refused("principal_header_rejected", `${name} is believed only from this machine, and not when a proxy passed the request on`, remedy)
}

function assertSame({ id, email }: Principal, sentId: string): void {
  if (sentId !== id && sentId !== email) throw refused("principal_mismatch")
}
