import { BuiltinError, membersIn, textIn, type OpaBuiltins } from "./opa-builtin.js"
import { addressOf, addressText, contains, networkOf, networkText, networksBetween, lastOf, type Network } from "./network.js"
import { isArray, isObject, isSet, setOf, type Term } from "./term.js"

const mostAddresses = 65_536n

/** Builtins on networks that are not compiled into modules. Nothing asks the network. */
export const networkBuiltins: OpaBuiltins = {
  "net.cidr_is_valid": (cidr) => typeof cidr === "string" && networkOf(cidr) !== undefined,
  "net.cidr_expand": (cidr) => setOf(expanded(required(textIn(cidr)))),
  "net.cidr_merge": (networks) => setOf(merged(membersIn(networks).map(networkIn)).map(networkText)),
  "net.cidr_contains_matches": (networks, addresses) =>
    setOf(
      matchables(networks ?? null).flatMap(([cidr, index]) =>
        matchables(addresses ?? null)
          .filter(([other]) => isWithin(required(cidr), other))
          .map(([, place]): Term => [index, place]),
      ),
    ),
}

function required(cidr: string): Network {
  const network = networkOf(cidr)
  if (network) return network
  throw new BuiltinError(`invalid CIDR address: ${cidr}`)
}

function expanded(network: Network): readonly string[] {
  const count = lastOf(network) - network.first + 1n
  if (count > mostAddresses) throw new RangeError(`net.cidr_expand would give ${count} addresses; at most ${mostAddresses} are made`)
  return Array.from({ length: Number(count) }, (_, index) => addressText({ bits: network.bits, value: network.first + BigInt(index) }))
}

function networkIn(term: Term): Network {
  const text = textIn(term)
  const address = addressOf(text)
  if (!address) return required(text)
  if (address.bits !== 32) throw new BuiltinError("IPv6 invalid: needs prefix length")
  const top = Number(address.value >> 24n)
  const prefix = top < 128 ? 8 : top < 192 ? 16 : 24
  return { bits: 32, prefix, first: (address.value >> BigInt(32 - prefix)) << BigInt(32 - prefix), given: address.value }
}

/** Adjacent and overlapping networks of one kind become the fewest that hold the same addresses. */
function merged(networks: readonly Network[]): readonly Network[] {
  const sorted = networks.toSorted((a, b) => a.bits - b.bits || (a.first < b.first ? -1 : a.first > b.first ? 1 : a.prefix - b.prefix))
  const runs: { readonly bits: 32 | 128; readonly first: bigint; last: bigint; alone: Network | undefined }[] = []
  for (const network of sorted) {
    const run = runs.at(-1)
    const last = lastOf(network)
    if (run?.bits !== network.bits || network.first > run.last + 1n) runs.push({ bits: network.bits, first: network.first, last, alone: network })
    else {
      run.alone = undefined
      if (last > run.last) run.last = last
    }
  }
  return runs.flatMap(({ bits, first, last, alone }) => (alone ? [alone] : networksBetween(bits, first, last)))
}

function matchables(term: Term): readonly (readonly [cidr: string, index: Term])[] {
  if (typeof term === "string") return [[term, term]]
  if (isArray(term)) return term.map((item, index) => [matchable(item), index])
  if (isSet(term)) return [...term].map((member) => [matchable(member), member])
  return isObject(term) ? [...term].map(([key, member]) => [matchable(member), key]) : []
}

function matchable(term: Term): string {
  return textIn(isArray(term) ? term[0] : term)
}

function isWithin(network: Network, text: string): boolean {
  const address = addressOf(text)
  if (address) return contains(network, address)
  const other = required(text)
  return contains(network, { bits: other.bits, value: other.first }) && contains(network, { bits: other.bits, value: lastOf(other) })
}
