import { describe, expect, it } from "vitest"
import { decisionProof, provenDecision, type ProvenDecision } from "../../../src/authn/index.js"
import type { Principal } from "../../../src/model/principal.js"

const key = "0123456789abcdef0123456789abcdef"
const otherKey = "fedcba9876543210fedcba9876543210"
const now = 1_800_000_000_000
const ann: Principal = { id: "ann", email: "ann@x.io", groups: ["ml", "ops"], scopes: ["models:read"] }
const bot: Principal = { kind: "service", id: "bot", onBehalfOf: { id: "ann", email: "ann@x.io", groups: ["ml"] } }
const facts: ProvenDecision = { method: "GET", path: "/a/b", principal: ann, decisionId: "d-1", revision: "0000abcd.7" }
const decided = { decisionId: "d-1", revision: "0000abcd.7" }

const proofOf = (proven: Partial<ProvenDecision> = {}, signer = key) => decisionProof({ ...facts, ...proven }, signer, now + 10_000)
const proven = (value: string, asked: Partial<ProvenDecision> = {}, keys: readonly string[] = [key], at = now) =>
  provenDecision(value, { ...facts, ...asked }, keys, at)

describe("a decision of a gateway", () => {
  it("is proven to whoever holds the key", () => {
    expect(proven(proofOf())).toEqual(decided)
  })

  it.each(["", "r\u00e9vision.\u20ac", "a.b.c"])("carries id and revision whatever is in them: %j", (text) => {
    expect(proven(proofOf({ decisionId: text, revision: text }))).toEqual({ decisionId: text, revision: text })
  })

  it.each<Principal>([
    { ...ann, kind: "service" },
    { ...ann, id: "Ann" },
    { ...ann, id: "" },
    { ...ann, email: "ann@x.iO" },
    { ...ann, email: undefined },
    { ...ann, groups: ["ml"] },
    { ...ann, groups: ["ml,ops"] },
    { ...ann, groups: ["mlo", "ps"] },
    { ...ann, groups: ["ml", "ops", "root"] },
    { ...ann, groups: undefined },
    { ...ann, groups: ["ml"], scopes: ["ops", "models:read"] },
    { ...ann, scopes: [] },
    { ...ann, scopes: undefined },
    { ...ann, scopes: ["models:read", "models:write"] },
    { ...ann, scopes: ["models:read "] },
    { ...ann, onBehalfOf: { id: "" } },
    { ...ann, onBehalfOf: { id: "ben" } },
  ])("is not proven for another principal: %j", (principal) => {
    expect(proven(proofOf(), { principal })).toBeUndefined()
    expect(proven(proofOf({ principal }))).toBeUndefined()
  })

  it.each<Principal>([
    { ...bot, onBehalfOf: undefined },
    { ...bot, onBehalfOf: { id: "ben", email: "ann@x.io", groups: ["ml"] } },
    { ...bot, onBehalfOf: { id: "ann", email: "ben@x.io", groups: ["ml"] } },
    { ...bot, onBehalfOf: { id: "ann", email: "ann@x.io" } },
    { ...bot, email: "ann@x.io", groups: ["ml"], onBehalfOf: { id: "ann" } },
  ])("is not proven for another delegate: %j", (principal) => {
    expect(proven(proofOf({ principal: bot }), { principal: bot })).toEqual(decided)
    expect(proven(proofOf({ principal: bot }), { principal })).toBeUndefined()
  })

  it.each<Principal>([
    { ...ann, kind: "person", groups: ["ops", "ml"], scopes: ["models:read", "models:read"] },
    { ...ann, kind: null, groups: ["ml", "ops", "ml"], onBehalfOf: null },
  ])("is proven for the same principal, written in another way: %j", (principal) => {
    expect(proven(proofOf(), { principal })).toEqual(decided)
    expect(proven(proofOf({ principal: { id: "x", groups: [], email: "" } }), { principal: { id: "x" } })).toEqual(decided)
  })

  it.each<Partial<ProvenDecision>>([{ method: "HEAD" }, { method: "get" }, { path: "/a/B" }, { path: "/a/b/" }, { path: "/a/b?x=1" }, { path: "" }])(
    "is not proven for another request: %j",
    (asked) => {
      expect(proven(proofOf(), asked)).toBeUndefined()
    },
  )

  it("is not proven when what one field loses the next one gains", () => {
    expect(proven(proofOf({ method: "GET", path: "/a" }), { method: "GET/", path: "a" })).toBeUndefined()
    expect(proven(proofOf({ principal: { id: "ab", email: "c" } }), { principal: { id: "a", email: "bc" } })).toBeUndefined()
    expect(proven(proofOf({ principal: { id: "a\u0000b" } }), { principal: { id: "a", email: "b" } })).toBeUndefined()
  })

  it("tells names apart that are no well-formed text", () => {
    expect(proven(proofOf({ principal: { id: "\ud800" } }), { principal: { id: "\udfff" } })).toBeUndefined()
  })

  it("is not proven when any of its characters is another", () => {
    const value = proofOf()
    const changed = [...value].flatMap((character, at) =>
      [..."0A.a_"].filter((other) => other !== character).map((other) => value.slice(0, at) + other + value.slice(at + 1)),
    )
    const shortened = [...value].map((_, at) => value.slice(0, at))
    expect([...changed, ...shortened, `${value}=`, `${value}A`, ` ${value}`, `${value},${value}`].filter((one) => proven(one))).toEqual([])
  })

  it("is not proven by another's time, decision or revision", () => {
    const [, later = "", id = "", revision = ""] = decisionProof({ ...facts, decisionId: "d-2", revision: "0000abcd.8" }, key, now + 20_000).split(
      ".",
    )
    const value = proofOf()
    const parts = value.split(".")
    const mixed = [
      [1, later],
      [2, id],
      [3, revision],
    ].map(([at, part]) => parts.map((own, index) => (index === at ? part : own)).join("."))
    expect(mixed.map((one) => proven(one))).toEqual([undefined, undefined, undefined])
  })
})

describe("the time of a proof", () => {
  it.each([
    [-1, undefined],
    [0, undefined],
    [1, decided],
    [30_000, decided],
    [30_001, undefined],
    [3_600_000, undefined],
  ])("that ends in %d ms", (msAhead, answer) => {
    expect(proven(decisionProof(facts, key, now + msAhead))).toEqual(answer)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5])("is a count of milliseconds, not %d", (expiresAt) => {
    expect(proven(decisionProof(facts, key, expiresAt))).toBeUndefined()
  })
})

describe("keys", () => {
  it("rotate: what the one before signed is proven while both are listed", () => {
    expect(proven(proofOf({}, otherKey), {}, [key, otherKey])).toEqual(decided)
    expect(proven(proofOf({}, otherKey), {}, [key])).toBeUndefined()
  })

  it("that are none prove nothing", () => {
    expect(proven(proofOf(), {}, [])).toBeUndefined()
    expect(proven(proofOf(), {}, ["", "0"])).toBeUndefined()
  })

  it("of fewer than 32 characters do not sign", () => {
    expect(() => proofOf({}, key.slice(1))).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })
})
