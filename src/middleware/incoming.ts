import type { PeerRequest } from "../authn/index.js"
import { PdpError } from "../errors.js"
import type { AdmissionRequest } from "./judgement.js"

/** What Node knows of a request. Its own fit, of HTTP/1.1 and HTTP/2, and so do those of frameworks that extend them. */
export interface Incoming {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly rawHeaders: readonly string[]
  readonly headers: PeerRequest["headers"]
  readonly socket: PeerRequest["socket"] & { readonly server?: { readonly address?: () => unknown; readonly maxHeadersCount?: number | null } }
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
  const unclear = cutHeaders(incoming)
  return {
    method: incoming.method ?? "",
    target,
    rawHeaders: incoming.rawHeaders,
    atLeast: atLeast === undefined ? undefined : String(atLeast),
    peer: peerOf(incoming),
    gone: () => goneSignal(outgoing),
    ...(unclear && { unclear }),
  }
}

/**
 * Node drops headers beyond `maxHeadersCount` of its server, and says nothing; what a gateway adds comes last.
 *
 * @returns why a request is refused that has so many that some may be missing
 */
export function cutHeaders({ rawHeaders, socket }: Pick<Incoming, "rawHeaders" | "socket">): PdpError | undefined {
  const most = socket.server?.maxHeadersCount ?? usualMost
  if (most <= 0 || rawHeaders.length / 2 < most) return undefined
  return new PdpError("ERR_TOO_LARGE", `the request has ${most} headers or more, so that the server may have dropped some; send fewer`, {
    reason: "headers_too_large",
  })
}

/** Where a server does not say it. */
const usualMost = 1_000

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
