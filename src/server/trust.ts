import type { HttpBindings } from "@hono/node-server"
import type { IncomingMessage } from "node:http"
import { isForwarded, type Credentials, type PeerRequest, type Trust } from "../authn/index.js"
import type { ServerContext } from "./context.js"
import { refusal, type Refusal } from "../model/refusal.js"

/** How far the peer of a request is believed. */
export type TrustOf = (request: PeerRequest) => Trust

/** What a request says about who sends it. While it waits for an identity provider it takes no place of requests in work. */
export function credentialsOf({ trustOf, work }: Pick<ServerContext, "trustOf" | "work">, { incoming, outgoing }: HttpBindings): Credentials {
  return { rawHeaders: incoming.rawHeaders, trust: trustOf(incoming), onWait: () => work.pause(outgoing) }
}

/** May this peer be told what is for trusted peers only? @returns 403 that says how it could be; `undefined` when it may */
export function checkPeer({ trustOf }: Pick<ServerContext, "trustOf">, request: IncomingMessage): Refusal | undefined {
  if (trustOf(request) !== "none") return undefined
  return isForwarded(request) ? forwardedNotTrusted : peerNotTrusted
}

/**
 * May this peer ask for a gateway? What it passes on comes from its own clients, so the marks of proxies in there say nothing about the gateway itself.
 *
 * @returns 403 that says how it could; `undefined` when it may
 */
export function checkGatewayPeer({ gatewayTrustOf }: Pick<ServerContext, "gatewayTrustOf">, request: PeerRequest): Refusal | undefined {
  return gatewayTrustOf(request) === "none" ? gatewayNotTrusted : undefined
}

/** The same where everybody on this machine may: 403 only for what a proxy passed on, unless the proxy is trusted. */
export function checkUnforwarded({ trustOf }: Pick<ServerContext, "trustOf">, request: IncomingMessage): Refusal | undefined {
  return isForwarded(request) && trustOf(request) === "none" ? forwardedNotTrusted : undefined
}

/**
 * May this caller state who asks? The input of a decision *is* the identity, so only trusted peers are believed,
 * and in the nemo profile only those who say that they are a service, as in the reference; and whoever has a bundle token for it.
 *
 * @returns 403, or 401 without the header; `undefined` when the caller is believed
 */
export function checkTrust(
  context: Pick<ServerContext, "trustOf" | "profile" | "headerPrefix" | "distribution">,
  request: IncomingMessage,
): Refusal | undefined {
  const untrusted = checkPeer(context, request)
  if ((untrusted || context.profile !== "hardened") && context.distribution.tokens.find(request)?.allow.has("pdp") === true) return undefined
  if (untrusted || context.profile === "hardened") return untrusted
  const header = `${context.headerPrefix}Principal-Id`
  const id = request.headers[header.toLowerCase()]
  const remedy = `only services may ask here; send ${header}: service:<id>`
  if (id === undefined || id === "") return refusal(401, "not_authenticated", remedy, { "WWW-Authenticate": "Bearer" })
  return typeof id === "string" && /^service:./.test(id) ? undefined : refusal(403, "caller_kind", remedy)
}

const forwardedNotTrusted = refusal(
  403,
  "forwarded_not_trusted",
  "a proxy forwarded this request (Forwarded, X-Forwarded-*, Via, X-Real-IP or the like), so that coming from this machine proves nothing; call the sidecar directly, or list the proxy in trusted_peers",
)
const peerNotTrusted = refusal(
  403,
  "peer_not_trusted",
  "only trusted peers are served here; list this one in trusted_peers, or let it present a client certificate or the peer secret (X-Portcullis-Peer-Secret)",
)
const gatewayNotTrusted = refusal(
  403,
  "peer_not_trusted",
  "only gateways that are trusted peers are served here; list this one in trusted_peers, or let it present a client certificate or the peer secret (X-Portcullis-Peer-Secret)",
)
