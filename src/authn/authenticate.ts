import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"
import { bearerToken } from "./bearer-token.js"
import type { Caller } from "./caller.js"
import { headerCaller } from "./header-principal.js"
import { identityHeaders } from "./identity-headers.js"
import type { AuthenticationOptions } from "./options.js"
import { tokenReader } from "./token.js"

/** What a request says about who sends it. */
export interface Credentials {
  /** Names and values of the headers in turn, as they came over the wire. */
  readonly rawHeaders: readonly string[]
  /** This peer may say who asks without proof: it is on this machine, and no proxy passed the request on. */
  readonly trusted: boolean
}

/**
 * Finds out who sends a request.
 *
 * @throws {PdpError} `ERR_UNAUTHENTICATED` with the reason when credentials are refused, `ERR_INPUT_INVALID` when they are malformed or contradict
 * each other
 */
export type Authenticate = (credentials: Credentials) => Promise<Caller>

/** Credentials are a bearer token, or the headers `X-NMP-Principal-*` and `X-NMP-Scopes` of a trusted peer. */
export function authentication(options: AuthenticationOptions = {}): Authenticate {
  const readToken = tokenReader(options)
  return async ({ rawHeaders, trusted }) => {
    const headers = identityHeaders(rawHeaders)
    const token = bearerToken(headers.get("authorization"))
    const claimedId = headers.get("x-nmp-principal-id") ?? ""
    if (token !== undefined) {
      const caller = readToken(token, trusted)
      if (trusted && claimedId !== "") assertSame(caller.principal, claimedId)
      return caller
    }
    if (claimedId === "") return nobody
    if (!trusted) throw new PdpError("ERR_UNAUTHENTICATED", headerRejected, { reason: "principal_header_rejected" })
    return headerCaller(headers, claimedId)
  }
}

const nobody: Caller = { principal: { id: "" }, proof: "none", dropped: [] }
const headerRejected =
  "X-NMP-Principal-Id is believed only from this machine, and not when a proxy passed the request on (Forwarded, X-Forwarded-* or Via); call the sidecar directly"

function assertSame({ id, email }: Principal, claimedId: string): void {
  if (claimedId === id || claimedId === email) return
  throw new PdpError("ERR_INPUT_INVALID", "the bearer token and X-NMP-Principal-Id name different principals; send one of them", {
    reason: "principal_mismatch",
  })
}
