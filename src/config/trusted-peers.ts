import { z } from "zod"
import { peerTrust } from "../authn/index.js"
import { messageOf } from "../errors.js"

/** An entry of `trusted_peers`. */
export const TrustedPeer = z.string().superRefine((entry, context) => {
  try {
    peerTrust({ trustedPeers: [entry] })
  } catch (thrown) {
    context.addIssue({ code: "custom", message: messageOf(thrown).replace(/^trusted_peers: /, "") })
  }
})

/** True for `certificate` and `certificate:<name>`. */
export function needsCertificate(entry: string): boolean {
  return entry === "certificate" || entry.startsWith("certificate:")
}

/** True when entries list callers on this machine, over loopback or over a UNIX domain socket. */
export function listThisMachine(entries: readonly string[]): boolean {
  const trust = peerTrust({ trustedPeers: entries })
  const connections = [{ socket: { remoteAddress: "127.0.0.1" } }, { socket: { remoteAddress: "::1" } }, { socket: {}, isUnix: true }]
  return connections.some((connection) => trust({ rawHeaders: [], headers: {}, ...connection }) !== "none")
}
