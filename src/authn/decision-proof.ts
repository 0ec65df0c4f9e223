import { createHmac, timingSafeEqual } from "node:crypto"
import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"

/** One allowed request, as a gateway lets it through. */
export interface ProvenDecision {
  /** As it came over the wire. */
  readonly method: string
  /** The raw request target without its query. */
  readonly path: string
  readonly principal: Principal
  readonly decisionId: string
  /** The state that it was decided on. */
  readonly revision: string
}

/** A proof is believed for 30 seconds at most. */
export const mostProofMs = 30_000
/** What a key has at least, in characters. */
export const leastProofKeyLength = 32

/**
 * The value of `X-Portcullis-Decision`: says to whoever holds the key that this request of this principal was allowed. It is
 * `1.<expiry>.<decision id>.<revision>.<HMAC-SHA256>`, texts in base64url; the HMAC is also over method, path and principal.
 *
 * @param key at least 32 characters
 * @param expiresAt milliseconds since the epoch. Let it be less than 30 s ahead, so that clocks may differ
 * @throws {PdpError} `ERR_CONFIG_INVALID` for a short key
 */
export function decisionProof(facts: ProvenDecision, key: string, expiresAt: number): string {
  if (key.length < leastProofKeyLength)
    throw new PdpError("ERR_CONFIG_INVALID", `a key for decisions has ${key.length} characters; let it have at least ${leastProofKeyLength}`)
  const head = [version, String(expiresAt), base64Url(facts.decisionId), base64Url(facts.revision)].join(".")
  return `${head}.${signature(head, facts, key)}`
}

/**
 * What {@link decisionProof} says, if it says it of this very request and is still to be believed. Order and repetition of groups and scopes
 * carry no meaning, and neither does the difference between no group and an empty list, nor between no e-mail and an empty one.
 *
 * @param value of `X-Portcullis-Decision`
 * @param keys each is tried, in constant time; those of fewer than 32 characters never match
 * @param now milliseconds since the epoch
 * @returns undefined: not proven, since it is none, of another request or key, expired, or more than 30 s ahead
 */
export function provenDecision(
  value: string,
  facts: Omit<ProvenDecision, "decisionId" | "revision">,
  keys: readonly string[],
  now: number,
): Pick<ProvenDecision, "decisionId" | "revision"> | undefined {
  const [, head, expiry, decisionId, revision, sent] = form.exec(value) ?? []
  if (head === undefined || decisionId === undefined || revision === undefined || sent === undefined) return undefined
  const proofs = keys.filter(
    (key) => timingSafeEqual(Buffer.from(signature(head, facts, key)), Buffer.from(sent)) && key.length >= leastProofKeyLength,
  )
  const msAhead = Number(expiry) - now
  if (proofs.length === 0 || msAhead <= 0 || msAhead > mostProofMs) return undefined
  return { decisionId: textOf(decisionId), revision: textOf(revision) }
}

const version = "1"
const form = /^(1\.([0-9]{1,16})\.([A-Za-z0-9_-]{0,512})\.([A-Za-z0-9_-]{0,512}))\.([A-Za-z0-9_-]{43})$/

/** @param head what is sent before the signature, as it is */
function signature(head: string, { method, path, principal }: Pick<ProvenDecision, "method" | "path" | "principal">, key: string): string {
  const { kind, scopes, onBehalfOf } = principal
  const facts = [
    ["X-Portcullis-Decision", head, method, path, kind ?? "person"],
    ...identity(principal),
    ...(scopes ? [["restricted"], distinct(scopes)] : [["not restricted"]]),
    ...(onBehalfOf ? [["on behalf of"], ...identity(onBehalfOf)] : [["for itself"]]),
  ]
  return createHmac("sha256", key)
    .update(Buffer.concat(facts.flatMap(listed)))
    .digest("base64url")
}

function identity({ id, email, groups }: Pick<Principal, "id" | "email" | "groups">): readonly (readonly string[])[] {
  return [[id, email ?? ""], distinct(groups ?? [])]
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort()
}

/** A list as its length and its texts, each behind its own length: no two rows of lists are the same bytes. */
function listed(texts: readonly string[]): readonly Buffer[] {
  return [lengthOf(texts.length), ...texts.flatMap((text) => [lengthOf(text.length), Buffer.from(text, "utf16le")])]
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(length)
  return bytes
}

function base64Url(text: string): string {
  return Buffer.from(text).toString("base64url")
}

function textOf(encoded: string): string {
  return Buffer.from(encoded, "base64url").toString()
}
