import { createHash, timingSafeEqual } from "node:crypto"
import type { PeerRequest } from "./peer.js"

/** `ambiguous`: the header came more than once, so that whoever reads the first and whoever reads the last would see different peers. */
export type PeerSecretProof = "absent" | "wrong" | "proven" | "ambiguous"

/**
 * Looks at `X-Portcullis-Peer-Secret`. All candidates are compared, in constant time, by their SHA-256; those of fewer than 16 characters never match.
 *
 * @param secrets asked whenever the header comes; what it throws is thrown on
 */
export function peerSecretProof(secrets: () => readonly string[]): (request: Pick<PeerRequest, "rawHeaders" | "headers">) => PeerSecretProof {
  return ({ rawHeaders, headers }) => {
    if (headers[headerName] === undefined) return "absent"
    const [sent, ...others] = rawHeaders.filter((_, at) => rawHeaders[at - 1]?.toLowerCase() === headerName && at % 2 === 1)
    if (sent === undefined || others.length > 0) return "ambiguous"
    return isOneOf(sent, secrets()) ? "proven" : "wrong"
  }
}

const leastLength = 16
const headerName = "x-portcullis-peer-secret"

function isOneOf(sent: string, secrets: readonly string[]): boolean {
  // Node reads header bytes as latin1, files are UTF-8.
  const digest = sha256(Buffer.from(sent, "latin1"))
  let matches = 0
  for (const secret of secrets) {
    const isEqual = timingSafeEqual(digest, sha256(Buffer.from(secret)))
    if (isEqual && secret.length >= leastLength) matches++
  }
  return matches > 0
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest()
}
