import { BlockList, isIP, SocketAddress } from "node:net"
import { PdpError } from "../errors.js"
import { unmapped } from "../model/ip-address.js"
import { nearest } from "../model/nearest.js"
import { certificateNames } from "./certificate-names.js"
import type { PeerCertificate, PeerSocket } from "./peer.js"

/** The entries of `trusted_peers`, ready to be asked. */
export interface TrustedPeerList {
  readonly loopback: boolean
  readonly unix: boolean
  /** @param address without the IPv4-mapped prefix */
  readonly hasAddress: (address: string) => boolean
  /** The client certificate of a connection where the TLS layer has verified it, and it is listed. */
  readonly certificate: (socket: PeerSocket) => PeerCertificate | undefined
}

/**
 * Reads entries: `loopback`, `unix`, addresses, ranges, `certificate`, `certificate:<name>`.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the entry that is none of these, or a range of everybody
 */
export function trustedPeerList(entries: readonly string[]): TrustedPeerList {
  const words = new Set(entries)
  const names = new Set(entries.filter((entry) => entry.startsWith(namePrefix)).map((entry) => entry.slice(namePrefix.length)))
  const hasAddress = addressList(entries.filter((entry) => !keywords.includes(entry) && !entry.startsWith(namePrefix)))
  if (names.has("")) throw badEntry(namePrefix)
  return {
    loopback: words.has("loopback"),
    unix: words.has("unix"),
    hasAddress,
    certificate: (socket) => (words.has("certificate") || names.size > 0 ? listedCertificate(socket, words.has("certificate"), names) : undefined),
  }
}

const keywords: readonly string[] = ["loopback", "unix", "certificate"]
const namePrefix = "certificate:"

/** One list for each family: Node's own takes every IPv4 address for one of `::/64`. */
function addressList(entries: readonly string[]): TrustedPeerList["hasAddress"] {
  const addresses = new Set<string>()
  const ranges = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const entry of entries) {
    const { address, prefix } = rangeOf(entry)
    if (prefix === undefined) addresses.add(address)
    else ranges[familyOf(address)].addSubnet(address, prefix, familyOf(address))
  }
  return (address) => addresses.has(address) || (isIP(address) !== 0 && ranges[familyOf(address)].check(address, familyOf(address)))
}

/** An entry in canonical form, IPv4-mapped ranges as IPv4. Without a prefix length it is one address. */
function rangeOf(entry: string): { readonly address: string; readonly prefix?: number } {
  const [, sent = "", length] = /^([0-9A-Fa-f.:]+)(?:\/([0-9]{1,3}))?$/.exec(entry) ?? []
  if (isIP(sent) === 0) throw badEntry(entry)
  const canonical = new SocketAddress({ address: sent, family: familyOf(sent) }).address
  const address = unmapped(canonical)
  if (length === undefined) return { address }
  const prefix = Number(length) - (address === canonical ? 0 : 96)
  if (prefix > (isIP(address) === 6 ? 128 : 32) || prefix < 0) throw badEntry(entry)
  if (prefix === 0) throw new PdpError("ERR_CONFIG_INVALID", `trusted_peers: '${entry}' is everybody; name the ranges that the peers are in`)
  return { address, prefix }
}

function listedCertificate(socket: PeerSocket, any: boolean, listed: ReadonlySet<string>): PeerCertificate | undefined {
  const certificate = socket.authorized === true ? socket.getPeerCertificate?.() : undefined
  if (certificate?.subject === undefined) return undefined
  return any || certificateNames(certificate).some((name) => listed.has(name)) ? certificate : undefined
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4"
}

function badEntry(entry: string): PdpError {
  const near = nearest(entry, keywords)
  const takes = "takes loopback, unix, addresses, ranges such as 10.0.0.0/8, certificate and certificate:<name>; names are not looked up"
  return new PdpError(
    "ERR_CONFIG_INVALID",
    `trusted_peers ${takes}, and '${entry}' is none of them${near === undefined ? "" : `; did you mean '${near}'?`}`,
  )
}
