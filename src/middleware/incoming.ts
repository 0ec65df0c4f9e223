import type { PeerRequest } from "../authn/index.js"
import type { AdmissionRequest } from "./judgement.js"

/** What Node knows of a request. Its own fit, of HTTP/1.1 and HTTP/2, and so do those of frameworks that extend them. */
export interface Incoming {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly rawHeaders: readonly string[]
  readonly headers: PeerRequest["headers"]
  readonly socket: PeerRequest["socket"] & { readonly server?: { readonly address?: () => unknown } }
}

/** A response or a socket that may be gone. */
export interface Outgoing {
  readonly destroyed: boolean
  once(event: "close", listener: () => void): unknown
}

/**
 * The request that is decided on.
 *
 * @param target the raw request target, which frameworks keep while they rewrite `url`
 */
export function admissionRequest(incoming: Incoming, outgoing: Outgoing, target = incoming.url ?? ""): AdmissionRequest {
  const atLeast = incoming.headers["x-portcullis-at-least"]
  return {
    method: incoming.method ?? "",
    target,
    rawHeaders: incoming.rawHeaders,
    atLeast: atLeast === undefined ? undefined : String(atLeast),
    peer: peerOf(incoming),
    gone: () => goneSignal(outgoing),
  }
}

/** Who connects. Only the listener knows of a UNIX domain socket: such a peer has no address, and neither has one that is gone. */
export function peerOf({ rawHeaders, headers, socket }: Pick<Incoming, "rawHeaders" | "headers" | "socket">): PeerRequest {
  return { rawHeaders, headers, socket, isUnix: socket.remoteAddress === undefined && typeof socket.server?.address?.() === "string" }
}

function goneSignal(outgoing: Outgoing): AbortSignal {
  const gone = new AbortController()
  if (outgoing.destroyed) gone.abort()
  outgoing.once("close", () => gone.abort())
  return gone.signal
}
