import { isIPv6, SocketAddress } from "node:net"

/**
 * The IPv4 address inside an IPv6 one: mapped, translated, compatible, NAT64, 6to4, Teredo (of the client) and ISATAP.
 *
 * @returns undefined for other addresses, `::` and `::1` among them
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export function embeddedIpv4(address: string): string | undefined {
  if (!isIPv6(address)) return undefined
  const groups = groupsOf(address)
  const form = forms.find(({ prefix }) => prefix.test(groups))
  if (!form) return undefined
  const { at, mask = 0 } = form
  const bytes = [...Buffer.from(groups.slice(at * 4, at * 4 + 8), "hex")].map((byte) => byte ^ mask)
  return bytes.join(".")
}

interface Form {
  /** What its 32 hex digits begin with. */
  readonly prefix: RegExp
  /** The group of four digits that the IPv4 address begins with. */
  readonly at: number
  /** What each byte of it is masked with. */
  readonly mask?: number
}

const forms: readonly Form[] = [
  { prefix: /^0{20}ffff/, at: 6 },
  { prefix: /^0{16}ffff0000/, at: 6 },
  { prefix: /^0{24}(?!0{7}[01])/, at: 6 },
  { prefix: /^0064ff9b(?:0{16}|0001)/, at: 6 },
  { prefix: /^2002/, at: 1 },
  { prefix: /^20010000/, at: 6, mask: 0xff },
  { prefix: /^.{16}0[02]005efe/, at: 6 },
]

/** Its 32 hex digits. Node writes the shortest form, and the end of some addresses with dots. */
function groupsOf(address: string): string {
  const shortest = new SocketAddress({ address: address.replace(/%.*$/, ""), family: "ipv6" }).address
  const hex = shortest.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: readonly string[]) => {
    const digits = Buffer.from(bytes.slice(0, 4).map(Number)).toString("hex")
    return `${digits.slice(0, 4)}:${digits.slice(4)}`
  })
  const [head = [], tail = []] = hex.split("::").map((part) => part.split(":").map((group) => (group === "" ? "" : group.padStart(4, "0"))))
  const [before, after] = [head.join(""), tail.join("")]
  return before + after.padStart(32 - before.length, "0")
}
