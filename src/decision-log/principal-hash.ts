import { createHash, createHmac } from "node:crypto"
import type { LogEvent } from "./event.js"

/** Replaces who is named in an event. */
export type PrincipalMask = (event: LogEvent) => LogEvent

/**
 * Replaces ids, e-mail addresses and groups in an event's input by hashes, and segments of paths that are one of them. The same name has the same
 * hash, so that events of one caller can still be found; what kind of principal it is stays to be seen.
 *
 * @param key makes it an HMAC, so that nobody without the key can try names out; without it: SHA-256
 */
export function principalHash(key: string | undefined): PrincipalMask {
  const hashed = (name: string): string => {
    const { prefix, bare } = partsOf(name)
    if (bare === "" || name === "*") return name
    const digest = key === undefined ? createHash("sha256").update(bare) : createHmac("sha256", key).update(bare)
    return `${prefix}sha256:${digest.digest("hex").slice(0, hexDigits)}`
  }
  return (event) => {
    const { input } = event
    if (!isRecord(input)) return event
    return { ...event, input: maskedMembers(input, hashed) }
  }
}

const hexDigits = 32
const named = new Set(["principal_id", "principal_email", "on_behalf_of_principal_id", "on_behalf_of_principal_email"])
const listed = new Set(["principal_groups", "on_behalf_of_principal_groups"])

type Hashed = (name: string) => string

function partsOf(name: string): { readonly prefix: string; readonly bare: string } {
  const prefix = /^(?:service|group):/.exec(name)?.[0] ?? ""
  return { prefix, bare: name.slice(prefix.length) }
}

function maskedMembers(input: Readonly<Record<string, unknown>>, hashed: Hashed): Readonly<Record<string, unknown>> {
  const names = new Set<string>()
  const members = Object.entries(input).map(([member, value]): readonly [string, unknown] => {
    if (named.has(member) && typeof value === "string") {
      names.add(value)
      return [member, hashed(value)]
    }
    if (listed.has(member) && Array.isArray(value)) return [member, value.map((item: unknown) => (typeof item === "string" ? hashed(item) : null))]
    if (member === "requests" && Array.isArray(value))
      return [member, value.map((one: unknown) => (isRecord(one) ? maskedMembers(one, hashed) : one))]
    return [member, value]
  })
  return Object.fromEntries(members.map(([member, value]) => [member, withoutNames(member, value, names, hashed)]))
}

/** Ids stand in paths, too, such as `/members/ann@example.com`. */
function withoutNames(member: string, value: unknown, names: ReadonlySet<string>, hashed: Hashed): unknown {
  if (member === "path" && typeof value === "string") return maskedPath(value, names, hashed)
  if (member !== "attributes" || !isRecord(value) || !isRecord(value["request"]) || !isRecord(value["request"]["http"])) return value
  const { http } = value["request"]
  const { path } = http
  return typeof path === "string" ? { ...value, request: { ...value["request"], http: { ...http, path: maskedPath(path, names, hashed) } } } : value
}

function maskedPath(path: string, names: ReadonlySet<string>, hashed: Hashed): string {
  return path
    .split("/")
    .map((segment) => {
      const decoded = segment.includes("%") ? decodedSegment(segment) : segment
      return names.has(decoded) ? hashed(decoded) : segment
    })
    .join("/")
}

function decodedSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (thrown) {
    if (thrown instanceof URIError) return segment
    throw thrown
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
