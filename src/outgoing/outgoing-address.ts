import { lookup as lookupName } from "node:dns/promises"
import { BlockList, isIP, type LookupFunction } from "node:net"
import { callbackify } from "node:util"
import { unavailable } from "../model/unavailable.js"

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

/** True for `127.0.0.0/8` and `::1`. */
export function isLoopbackAddress(address: string): boolean {
  return contains(loopback, address)
}

/** True for link-local addresses, those at which clouds serve a machine's own metadata and credentials, and `0.0.0.0`. Private ranges are fine. */
export function isForbiddenAddress(address: string): boolean {
  return isIP(address) === 0 || contains(forbidden, address)
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

const loopback = new BlockList()
loopback.addSubnet("127.0.0.0", 8)
loopback.addAddress("::1", "ipv6")

const forbidden = new BlockList()
forbidden.addSubnet("0.0.0.0", 8)
forbidden.addAddress("::", "ipv6")
forbidden.addSubnet("169.254.0.0", 16)
forbidden.addSubnet("fe80::", 10, "ipv6")
// The IPv4 range again, as 6to4, NAT64 and the old compatible form write it.
forbidden.addSubnet("2002:a9fe::", 32, "ipv6")
forbidden.addSubnet("64:ff9b::a9fe:0", 112, "ipv6")
forbidden.addSubnet("::a9fe:0", 112, "ipv6")
// Metadata beyond link-local: Alibaba, Azure, Oracle, AWS, Google.
for (const address of ["100.100.100.200", "168.63.129.16", "192.0.0.192"]) forbidden.addAddress(address)
for (const address of ["fd00:ec2::254", "fd20:ce::254"]) forbidden.addAddress(address, "ipv6")

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4")
}
