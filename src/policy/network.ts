import { isIPv4, isIPv6 } from "node:net"

/** An IPv4 address (also one written as IPv6) or an IPv6 address. */
export interface Address {
  readonly bits: 32 | 128
  readonly value: bigint
}

/** The addresses from `first` on that share the first `prefix` bits. */
export interface Network {
  readonly bits: 32 | 128
  readonly prefix: number
  readonly first: bigint
  /** The address within that it was given by; default: the first. */
  readonly given?: bigint
}

/** Reads an address as Go's `net.ParseIP` does. */
export function addressOf(text: string): Address | undefined {
  if (isIPv4(text)) return { bits: 32, value: fromIPv4(text) }
  if (!isIPv6(text) || text.includes("%")) return undefined
  const value = fromIPv6(text)
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffff_ffffn } : { bits: 128, value }
}

/** Reads `address/prefix` as Go's `net.ParseCIDR` does. */
export function networkOf(text: string): Network | undefined {
  const [, written = "", digits] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  if (digits === undefined || !(isIPv4(written) || isIPv6(written)) || written.includes("%")) return undefined
  const bits = isIPv4(written) ? 32 : 128
  const prefix = Number(digits)
  if (prefix > bits || (digits.length > 1 && digits.startsWith("0"))) return undefined
  const value = bits === 32 ? fromIPv4(written) : fromIPv6(written)
  const host = BigInt(bits - prefix)
  return { bits, prefix, first: (value >> host) << host }
}

export function lastOf({ bits, prefix, first }: Network): bigint {
  return first + (1n << BigInt(bits - prefix)) - 1n
}

export function contains(network: Network, address: Address): boolean {
  return network.bits === address.bits && address.value >= network.first && address.value <= lastOf(network)
}

/** The fewest networks that hold these addresses and no others. */
export function networksBetween(bits: 32 | 128, first: bigint, last: bigint): readonly Network[] {
  const networks: Network[] = []
  for (let next = first; next <= last;) {
    let host = 0
    while (host < bits && (next & ((1n << BigInt(host + 1)) - 1n)) === 0n && next + (1n << BigInt(host + 1)) - 1n <= last) host++
    networks.push({ bits, prefix: bits - host, first: next })
    next += 1n << BigInt(host)
  }
  return networks
}

export function networkText({ bits, prefix, first, given = first }: Network): string {
  return `${addressText({ bits, value: given })}/${prefix}`
}

/** An address in its shortest form (RFC 5952). */
export function addressText({ bits, value }: Address): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".")
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16))
  const zeros = longestZeros(groups)
  if (zeros.length < 2) return groups.join(":")
  return `${groups.slice(0, zeros.start).join(":")}::${groups.slice(zeros.start + zeros.length).join(":")}`
}

function longestZeros(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === "0") length++
    if (length > best.length) best = { start, length }
  }
  return best
}

function fromIPv4(text: string): bigint {
  return text.split(".").reduce((value, part) => value * 256n + BigInt(part), 0n)
}

function fromIPv6(text: string): bigint {
  const dotted = /[\d.]*\.[\d.]*$/.exec(text)?.[0]
  const tail = dotted === undefined ? "" : `${(fromIPv4(dotted) >> 16n).toString(16)}:${(fromIPv4(dotted) & 0xffffn).toString(16)}`
  const [left = "", right] = (text.slice(0, text.length - (dotted?.length ?? 0)) + tail).split("::")
  const before = left === "" ? [] : left.split(":")
  const after = right === undefined || right === "" ? [] : right.split(":")
  const groups = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => "0"), ...after]
  return groups.reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n)
}
