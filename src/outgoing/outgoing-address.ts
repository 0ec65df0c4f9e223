import { lookup as lookupName } from "node:dns/promises"
import { BlockList, isIP, SocketAddress, type LookupFunction } from "node:net"
import { callbackify } from "node:util"
import { unmapped } from "../model/ip-address.js"
import { isLoopback } from "../model/loopback.js"
import { unavailable } from "../model/unavailable.js"
import { embeddedIpv4 } from "./embedded-ipv4.js"

/** All addresses of a host. */
export type ResolveHost = (host: string) => Promise<readonly HostAddress[]>

/** One address of a host. */
export interface HostAddress {
  readonly address: string
  /** 4 or 6. */
  readonly family: number
}

/** As the operating system resolves names. */
export const resolveHost: ResolveHost = (host) => lookupName(host, { all: true, verbatim: true })

/** True for addresses that never leave this machine, IPv4-mapped ones among them. */
export function isLoopbackAddress(address: string): boolean {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4"
  return isIP(address) !== 0 && isLoopback(unmapped(new SocketAddress({ address, family }).address))
}

/**
 * True for link-local addresses, those at which clouds serve a machine's own metadata and credentials, and `0.0.0.0`, also inside IPv6 addresses.
 * Private ranges are fine.
 */
export function isForbiddenAddress(address: string): boolean {
  if (isIP(address) === 0) return true
  const inside = embeddedIpv4(address)
  return forbidden.check(address, isIP(address) === 6 ? "ipv6" : "ipv4") || (inside !== undefined && forbidden.check(inside))
}

/**
 * A `lookup` for a request: what is connected to is what has been checked here, so a name cannot mean something else in between.
 * Node does not ask it about hosts that are addresses.
 *
 * @param place how messages name what is asked for
 * @param resolve names to addresses
 * @param loopbackOnly for plain HTTP
 */
export function checkedLookup(place: string, resolve: ResolveHost, loopbackOnly: boolean): LookupFunction {
  const checked = async (host: string): Promise<readonly HostAddress[]> => {
    const addresses = await resolve(host)
    for (const { address } of addresses) {
      if (isForbiddenAddress(address)) throw unavailable(`${place}: ${host} resolves to ${address}`, forbiddenRemedy)
      if (loopbackOnly && !isLoopbackAddress(address)) throw unavailable(`${place}: ${host} resolves to ${address}, another machine`, "use https")
    }
    return addresses
  }
  const lookup = callbackify(checked)
  return (host, { all }, callback) => {
    lookup(host, (problem, addresses) => {
      const [first] = problem ? [] : addresses
      if (!first) return callback(problem ?? unavailable(`${place}: ${host} has no address`, "check the name"), "")
      return all ? callback(null, [...addresses]) : callback(null, first.address, first.family)
    })
  }
}

/** What to do about {@link isForbiddenAddress}. */
export const forbiddenRemedy = "link-local and metadata addresses are never asked: name the server's own address"

const forbidden = new BlockList()
forbidden.addSubnet("0.0.0.0", 8)
forbidden.addAddress("::", "ipv6")
forbidden.addSubnet("169.254.0.0", 16)
forbidden.addSubnet("fe80::", 10, "ipv6")
// Metadata beyond link-local: Alibaba, Azure, Oracle, AWS, Google.
for (const address of ["100.100.100.200", "168.63.129.16", "192.0.0.192"]) forbidden.addAddress(address)
for (const address of ["fd00:ec2::254", "fd20:ce::254"]) forbidden.addAddress(address, "ipv6")
