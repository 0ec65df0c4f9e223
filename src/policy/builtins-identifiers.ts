import { BuiltinError, integerTerm, textIn, type OpaBuiltins } from "./opa-builtin.js"
import { objectOf, type Term } from "./term.js"
import { termText } from "./term-text.js"
import { uriParts } from "./uri.js"

/** Builtins on versions, UUIDs and URIs. */
export const identifierBuiltins: OpaBuiltins = {
  "semver.is_valid": (version) => typeof version === "string" && versionOf(version) !== undefined,
  "semver.compare": (a, b) => compareVersions(requiredVersion(textIn(a)), requiredVersion(textIn(b))),
  "uuid.parse": (text) => parsedUuid(textIn(text)),
  "uuid.rfc4122": function (key) {
    const place = `uuid.rfc4122 ${termText(key ?? null)}`
    const known = this.remembered.get(place)
    if (known !== undefined) return known
    const value = randomUuid(this.random)
    this.remembered.set(place, value)
    return value
  },
  "uri.is_valid": (text) => typeof text === "string" && text !== "" && uriParts(text) !== undefined,
  "uri.parse": (text) => {
    const parts = uriParts(textIn(text))
    if (!parts) throw new BuiltinError("not a URI")
    return objectOf(Object.entries(parts).filter(([, part]) => part !== ""))
  },
}

interface Version {
  readonly numbers: readonly bigint[]
  readonly preRelease: string
}

function requiredVersion(text: string): Version {
  const version = versionOf(text)
  if (version) return version
  throw new BuiltinError("not a SemVer")
}

/** As OPA reads it, which takes a leading `v` and leading zeros. */
function versionOf(text: string): Version | undefined {
  const identifiers = "[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*"
  const pattern = new RegExp(`^v?(\\d+)\\.(\\d+)\\.(\\d+)(?:-(${identifiers})?)?(?:\\+(${identifiers})?)?$`)
  const [, major, minor, patch, preRelease = ""] = pattern.exec(text) ?? []
  if (major === undefined || minor === undefined || patch === undefined) return undefined
  const numbers = [major, minor, patch].map((digits) => BigInt(digits))
  return numbers.every((number) => BigInt.asIntN(64, number) === number) ? { numbers, preRelease } : undefined
}

function compareVersions(a: Version, b: Version): number {
  for (const [at, number] of a.numbers.entries()) {
    const other = b.numbers[at] ?? 0n
    if (number !== other) return number < other ? -1 : 1
  }
  if (a.preRelease === b.preRelease) return 0
  if (a.preRelease === "" || b.preRelease === "") return a.preRelease === "" ? 1 : -1
  return comparePreReleases(a.preRelease.split("."), b.preRelease.split("."))
}

function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  for (const [at, part] of a.entries()) {
    const other = b[at]
    if (other === undefined) return 1
    if (part === other) continue
    const isNumber = /^\d+$/.test(part)
    const isOtherNumber = /^\d+$/.test(other)
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1
    if (!isNumber) return part < other ? -1 : 1
    if (BigInt(part) !== BigInt(other)) return BigInt(part) < BigInt(other) ? -1 : 1
  }
  return a.length === b.length ? 0 : -1
}

const uuid = /^(?:urn:uuid:)?([\da-f]{8})-([\da-f]{4})-([\da-f]{4})-([\da-f]{4})-([\da-f]{12})$/i
const bare = /^([\da-f]{8})([\da-f]{4})([\da-f]{4})([\da-f]{4})([\da-f]{12})$/i
/** From the start of the Gregorian calendar to 1970, in units of 100 ns. */
const gregorianOffset = 122_192_928_000_000_000n

function parsedUuid(text: string): Term {
  const unwrapped = text.length === 38 ? text.slice(1, -1) : text
  const [, low = "", middle = "", high = "", clock = "", node = ""] = uuid.exec(unwrapped) ?? (text.length === 32 ? bare.exec(text) : undefined) ?? []
  if (low === "" || (text.length === 38 && unwrapped.includes(":"))) throw new BuiltinError("not a UUID")
  const version = Number.parseInt(high, 16) >> 12
  const parts: [string, Term][] = [
    ["version", version],
    ["variant", variantOf(Number.parseInt(clock, 16))],
  ]
  if (version !== 1 && version !== 2) return objectOf(parts)
  const time = (BigInt(`0x${high}`) & 0xfffn) * 2n ** 48n + BigInt(`0x${middle}`) * 2n ** 32n + BigInt(`0x${low}`)
  parts.push(
    ["time", integerTerm(BigInt.asIntN(64, (time - gregorianOffset) * 100n))],
    ["nodeid", node.toLowerCase().replace(/..(?=.)/g, "$&-")],
    ["macvariables", macVariables(Number.parseInt(node.slice(0, 2), 16))],
    ["clocksequence", Number.parseInt(clock, 16) & 0x3fff],
  )
  if (version === 1) return objectOf(parts)
  const domain = Number.parseInt(clock.slice(2), 16)
  return objectOf([...parts, ["id", Number.parseInt(low, 16)], ["domain", ["Person", "Group", "Org"][domain] ?? `Domain${domain}`]])
}

function variantOf(clock: number): string {
  if ((clock & 0xc000) === 0x8000) return "RFC4122"
  if ((clock & 0xe000) === 0xc000) return "Microsoft"
  return (clock & 0xe000) === 0xe000 ? "Future" : "Reserved"
}

function macVariables(first: number): string {
  return `${(first & 2) === 2 ? "local" : "global"}:${(first & 1) === 1 ? "multicast" : "unicast"}`
}

function randomUuid(random: () => number): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(random() * 16))
  digits[12] = 4
  digits[16] = 8 + ((digits[16] ?? 0) % 4)
  return digits
    .map((digit) => digit.toString(16))
    .join("")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}
