import { unmapped } from "../model/ip-address.js"
import { isLoopback } from "../model/loopback.js"
import { peerSecretProof, type PeerSecretProof } from "./peer-secret.js"
import { trustedPeerList, type TrustedPeerList } from "./trusted-peer-list.js"

/**
 * How far a peer is believed when it says who asks. `listed`: an entry of `trusted_peers`, a client certificate or a peer secret says so.
 * `local`: it is on this machine, which is enough where nothing else says who asks: no list, and no issuer of tokens.
 */
export type Trust = "none" | "local" | "listed"

/** By what a peer is proven to be who it says: a secret, or a listed client certificate. Addresses prove nothing of the kind. */
export type PeerProof = "secret" | "certificate"

/** What can be told of the peer of a request. */
export interface Peers {
  readonly trustOf: (request: PeerRequest) => Trust
  readonly proofOf: (request: PeerRequest) => PeerProof | undefined
}

/** What is known of who connects, as node:http gives it; its requests fit. */
export interface PeerRequest {
  /** Names and values of the headers in turn, as they came over the wire. */
  readonly rawHeaders: readonly string[]
  /** By name, in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly socket: PeerSocket
  /**
   * Came in over a UNIX domain socket, which only the server that listens there can know: Node gives such a peer no address, and neither does it
   * give one to a peer that is gone. Default false.
   */
  readonly isUnix?: boolean
}

/** The connection of a request: a `Socket` or a `TLSSocket` of Node. */
export interface PeerSocket {
  /** Undefined over UNIX domain sockets, and once the peer is gone. */
  readonly remoteAddress?: string | undefined
  /** TLS: when the session began, the client's certificate was valid and signed by a CA that the server trusted. A resumed session began long ago. */
  readonly authorized?: boolean
  readonly getPeerCertificate?: () => PeerCertificate
}

/** The part of a client certificate that says whose it is, and when; empty without one. */
export interface PeerCertificate {
  readonly subject?: { readonly CN?: string | readonly string[] | undefined } | undefined
  /** As Node writes it: `DNS:a.example, URI:spiffe://b`. */
  readonly subjectaltname?: string | undefined
  /** As Node writes it: `Nov 25 01:02:43 2026 GMT`. */
  readonly valid_from?: string | undefined
  readonly valid_to?: string | undefined
}

/** Options of {@link peers}. */
export interface PeerOptions {
  /**
   * Who may say who asks: `loopback`, `unix`, addresses, ranges (`10.0.0.0/8`), `certificate` (any that a client CA signed),
   * `certificate:<name>` (its common name, or one of its DNS, URI and e-mail names). Undefined: see `localByDefault`.
   */
  readonly trustedPeers?: readonly string[] | undefined
  /**
   * Secrets of which one may come in `X-Portcullis-Peer-Secret`, each of at least 16 characters (shorter ones never match). Asked whenever that
   * header comes, so that the file can be read again.
   */
  readonly secrets?: (() => readonly string[]) | undefined
  /** Without `trustedPeers`, peers on loopback and UNIX domain sockets are `local`. For servers that listen nowhere else. Default false. */
  readonly localByDefault?: boolean
  /** True for connections that began before the CAs of client certificates changed: their certificates prove nothing any more. Default: none is. */
  readonly isOutdated?: ((socket: PeerSocket) => boolean) | undefined
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/**
 * Finds out how far the peer of a request is believed, and whether it is proven.
 *
 * What a proxy passed on does not come from this machine, so neither loopback nor a UNIX domain socket counts then. A peer secret that comes twice
 * makes the whole request untrusted. What the address and the certificate of a connection say is found out once; whether the certificate still holds, at
 * each request.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming an entry of `trustedPeers` that is none
 */
export function peers(options: PeerOptions): Peers {
  const { trustedPeers, secrets = () => [], localByDefault = false, isOutdated = () => false, now = () => Date.now() } = options
  const listed = trustedPeerList(trustedPeers ?? [])
  const isLocalByDefault = localByDefault && trustedPeers === undefined
  const known = new WeakMap<PeerSocket, Connection>()
  const provesSecret = peerSecretProof(secrets)
  const factsOf = (request: PeerRequest): Facts => {
    const { socket } = request
    const connection = known.get(socket) ?? connectionOf(socket, listed)
    known.set(socket, connection)
    const isCertified = connection.certificate !== undefined && isInForce(connection.certificate, now()) && !isOutdated(socket)
    return { secret: provesSecret(request), connection, isCertified }
  }
  return {
    trustOf(request) {
      const { secret, connection, isCertified } = factsOf(request)
      if (secret === "ambiguous") return "none"
      if (secret === "proven" || connection.isListed || isCertified) return "listed"
      const isUnixPeer = request.isUnix === true && request.socket.remoteAddress === undefined
      if ((!connection.isLoopback && !isUnixPeer) || isForwarded(request)) return "none"
      if (connection.isLoopback ? listed.loopback : listed.unix) return "listed"
      return isLocalByDefault ? "local" : "none"
    },
    proofOf(request) {
      const { secret, isCertified } = factsOf(request)
      if (secret === "ambiguous") return undefined
      if (secret === "proven") return "secret"
      return isCertified ? "certificate" : undefined
    },
  }
}

/** The half of {@link peers} that most ask for. */
export function peerTrust(options: PeerOptions): Peers["trustOf"] {
  return peers(options).trustOf
}

/** True when a proxy says that it passed the request on: then it does not come from this machine, and loopback proves nothing. */
export function isForwarded({ headers }: Pick<PeerRequest, "headers">): boolean {
  for (const name in headers) if (name.startsWith("x-forwarded-") || proxyHeaders.has(name)) return true
  return false
}

/** The standard ones, and those by which common proxies tell the address of their client. */
const proxyHeaders: ReadonlySet<string> = new Set([
  "forwarded",
  "via",
  "x-forwarded",
  "forwarded-for",
  "x-original-forwarded-for",
  "x-real-ip",
  "x-envoy-external-address",
  "cf-connecting-ip",
  "true-client-ip",
])

interface Connection {
  /** By its address. */
  readonly isListed: boolean
  readonly isLoopback: boolean
  /** When its certificate is one that is listed. */
  readonly certificate?: Validity | undefined
}

interface Facts {
  readonly secret: PeerSecretProof
  readonly connection: Connection
  readonly isCertified: boolean
}

/** In milliseconds since the epoch; NaN where a certificate does not say so. */
interface Validity {
  readonly from: number
  readonly to: number
}

function connectionOf(socket: PeerSocket, listed: TrustedPeerList): Connection {
  const address = unmapped(socket.remoteAddress ?? "")
  const certificate = listed.certificate(socket)
  return {
    isListed: listed.hasAddress(address),
    isLoopback: isLoopback(address),
    certificate: certificate && { from: Date.parse(certificate.valid_from ?? ""), to: Date.parse(certificate.valid_to ?? "") },
  }
}

function isInForce({ from, to }: Validity, now: number): boolean {
  return from <= now && now <= to
}
