import { describe, expect, it } from "vitest"
import type { AuthorizationRequest } from "../../../src/index.js"
import { activeState, type Active } from "../../../src/pdp/active.js"
import { cachedAuthorize, type DecisionCacheOptions } from "../../../src/pdp/decision-cache.js"
import { roleBindingStore } from "../../../src/store/index.js"
import { get, modelsPdp } from "./world.js"

const policy = { entrypoints: [], evaluate: () => undefined, evaluateText: () => undefined }
const state = (): Active => activeState({ policy, store: roleBindingStore(), profile: "hardened", revision: "00000000.1" })

describe("the decision cache", () => {
  it("decides once for one question in one state", () => {
    const { ask, asked } = counting({})
    const first = state()
    ask(first, "ann")
    ask(first, "ann")
    ask(first, "bob")
    expect(asked).toEqual(["ann", "bob"])
  })

  it("drops everything for another state, also when its revision is the same", () => {
    const { ask, asked } = counting({})
    const [first, second] = [state(), state()]
    ask(first, "ann")
    ask(second, "ann")
    ask(first, "ann")
    expect(asked).toEqual(["ann", "ann", "ann"])
  })

  it("never answers with what was decided before a change, with room for every question", async () => {
    const { pdp, source } = await modelsPdp({ cache: { maxEntries: 100 } })
    const ask = (): boolean[] => ["ann@example.com", "zoe"].map((id) => pdp.authorize(get(id)).allowed)
    expect([ask(), ask()]).toEqual([
      [true, false],
      [true, false],
    ])
    source.replace([{ principal: "zoe", workspace: "ml", role: "Viewer" }])
    await pdp.refresh()
    expect(ask()).toEqual([false, true])
    await pdp.close()
  })

  it("keeps as many decisions as it may, and drops all when one more comes", () => {
    const { ask, asked } = counting({ maxEntries: 2 })
    const one = state()
    for (const id of ["a", "b", "a", "b"]) ask(one, id)
    expect(asked).toEqual(["a", "b"])
    for (const id of ["c", "a", "c", "a", "b"]) ask(one, id)
    expect(asked).toEqual(["a", "b", "c", "a", "b"])
  })

  const sam = { kind: "service", id: "sam", onBehalfOf: { id: "zoe" } } as const
  it.each<readonly [string, AuthorizationRequest["principal"], AuthorizationRequest["principal"]]>([
    ["kinds", { id: "sam" }, { kind: "service", id: "sam" }],
    ["ids", { id: "ann" }, { id: "an", email: "n" }],
    ["e-mails", { id: "ann" }, { id: "ann", email: "" }],
    ["groups", { id: "ann", groups: ["ops"] }, { id: "ann", groups: ["o", "ps"] }],
    ["groups and none", { id: "ann", groups: ["ops"] }, { id: "ann", groups: [] }],
    ["scopes", { id: "ann", scopes: ["a:b"] }, { id: "ann", scopes: ["a:c"] }],
    ["scopes and none", { id: "ann" }, { id: "ann", scopes: [] }],
    ["groups and scopes", { id: "ann", groups: ["a"] }, { id: "ann", scopes: ["a"] }],
    ["a delegate and none", { kind: "service", id: "sam" }, sam],
    ["the ids of delegates", sam, { ...sam, onBehalfOf: { id: "ann" } }],
    ["the e-mails of delegates", sam, { ...sam, onBehalfOf: { id: "zoe", email: "zoe@example.com" } }],
    ["the groups of delegates", sam, { ...sam, onBehalfOf: { id: "zoe", groups: ["ops"] } }],
  ])("tells %s apart", (_, first, second) => {
    const { decide, asked } = counting({})
    const one = state()
    for (const principal of [first, second]) decide(one, { principal, method: "GET", path: "/a" })
    expect(asked).toHaveLength(2)
  })

  it.each([
    [
      { method: "GET", path: "/a" },
      { method: "GET", path: "/b" },
    ],
    [
      { method: "GET", path: "/a" },
      { method: "PUT", path: "/a" },
    ],
    [
      { method: "GET", path: "/a" },
      { method: "GE", path: "T/a" },
    ],
  ])("tells %j and %j apart", (first, second) => {
    const { decide, asked } = counting({})
    const one = state()
    for (const question of [first, second]) decide(one, { principal: { id: "ann" }, ...question })
    expect(asked).toHaveLength(2)
  })

  it.each<Readonly<Record<string, unknown>>>([
    { groups: "ops" },
    { groups: ["ops", 7] },
    { groups: {} },
    { scopes: "ops" },
    { kind: "nonsense" },
    { kind: 7 },
    { id: ["a"] },
    { id: undefined },
    { email: ["a"] },
    { onBehalfOf: { id: "a", groups: "ops" } },
    { onBehalfOf: { id: 7 } },
    { onBehalfOf: { id: "a", email: {} } },
  ])("never answers for a caller that has %j, which the PDP refuses", async (wrong) => {
    const { pdp } = await modelsPdp({ cache: {} })
    const right = { id: "a", groups: ["ops"], scopes: ["platform:read"] }
    expect(pdp.authorize({ ...get("a"), principal: right }).allowed).toBe(true)
    expect(pdp.authorize({ ...get("a"), principal: { ...right, kind: "service", onBehalfOf: { id: "a", groups: ["ops"] } } }).allowed).toBe(true)
    const principal = { ...right, ...(wrong["onBehalfOf"] !== undefined && { kind: "service" as const }), ...wrong }
    for (let round = 0; round < 2; round++)
      expect(() => pdp.authorize({ ...get("a"), principal })).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
    await pdp.close()
  })
})

/** A cache that remembers whom it had to ask about. */
function counting(options: DecisionCacheOptions): {
  readonly asked: string[]
  readonly decide: ReturnType<typeof cachedAuthorize>
  readonly ask: (active: Active, id: string) => void
} {
  const asked: string[] = []
  const decide = cachedAuthorize((active, { principal }) => {
    asked.push(principal.id)
    return active.allowed
  }, options)
  return { asked, decide, ask: (active, id) => void decide(active, { principal: { id }, method: "GET", path: "/a" }) }
}
