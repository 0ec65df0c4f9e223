import { describe, expect, it } from "vitest"
import { loadWasmPolicy } from "../../../src/policy/index.js"
import { withAbi } from "../../fixtures/policy/with-abi.js"
import { cases, codeOf, errorOf, moduleOf } from "./fixture.js"

const data = { roles: { ann: ["Viewer", "Editor"] }, items: [1, 2, 3] }

describe("a loaded policy", () => {
  it("lists its entrypoints and the digest of its module", async () => {
    const policy = await cases()
    expect(policy.entrypoints).toEqual(expect.arrayContaining(["cases/allow", "cases/echo"]))
    expect(policy.digest).toMatch(/^[0-9a-f]{16}$/)
    expect(policy.digest).toBe((await cases({ data })).digest)
  })

  it("decides on input and data", async () => {
    const policy = await cases({ data })
    expect(policy.evaluate("cases/facts", { principal: "ann" })).toEqual({ principal: "ann", roles: expect.arrayContaining(["Viewer", "Editor"]) })
    expect(policy.evaluate("cases/data_size", {})).toBe(3)
  })

  it("takes input that is JSON text", async () => {
    const policy = await cases()
    expect(policy.evaluateText("cases/echo", '{"a":[1,"ü😀"]}')).toEqual({ a: [1, "ü😀"] })
  })

  it.each([0, "", false, null])("takes %j for the input that it is", async (input) => {
    const policy = await cases()
    expect(policy.evaluate("cases/echo", input)).toBe(input)
    expect(policy.evaluate("cases/has_input", input)).toBe(true)
  })

  it("leaves undefined what the policy leaves undefined, an undefined input too", async () => {
    const policy = await cases()
    expect(policy.evaluate("cases/has_input", undefined)).toBeUndefined()
    expect(policy.evaluate("cases/facts", {})).toBeUndefined()
    expect(policy.evaluate("cases/has_input", undefined)).toBeUndefined()
  })

  it.each([
    ["text beyond ASCII", "é€😀\u0000\u2028\ud83d\ude00"],
    ["a backslash before what looks like a surrogate", "\\ud800"],
    ["a key like a prototype", JSON.parse('{"__proto__":{"a":1},"constructor":2}')],
    ["numbers", [0, -1, 1.5, 1e21, 9007199254740991]],
    ["nesting", { a: [{ b: { c: [[], {}] } }] }],
  ])("hands %s through unchanged", async (_name, input) => {
    expect((await cases()).evaluate("cases/echo", input)).toEqual(input)
  })

  it("shares small results, which nobody can change", async () => {
    const policy = await cases({ data })
    const first = policy.evaluate("cases/echo", { roles: ["Viewer"] })
    expect(policy.evaluate("cases/echo", { roles: ["Viewer"] })).toBe(first)
    expect(Object.isFrozen(first)).toBe(true)
    expect(first).toSatisfy(({ roles }: { roles: string[] }) => Object.isFrozen(roles))
  })

  it("answers right when there are more distinct results than it remembers", async () => {
    const policy = await cases()
    for (let round = 0; round < 2; round++) for (let value = 0; value < 200; value++) expect(policy.evaluate("cases/echo", value)).toBe(value)
  })

  it("refuses an entrypoint that it does not have", async () => {
    const policy = await cases()
    for (const name of ["cases/nothing", "toString", "__proto__", ""])
      expect(await codeOf(() => policy.evaluate(name, {}))).toBe("ERR_ENTRYPOINT_UNKNOWN")
  })

  it("evaluates step by step what has no opa_eval (ABI 1.1)", async () => {
    const policy = await loadWasmPolicy({ wasm: withAbi(moduleOf("cases"), { major: 1, minor: 1 }), data })
    for (const input of [0, "", false, null, { a: "ü" }]) expect(policy.evaluate("cases/echo", input)).toEqual(input)
    expect(policy.evaluate("cases/has_input", undefined)).toBeUndefined()
    expect(policy.evaluate("cases/data_size", {})).toBe(3)
    expect(await codeOf(() => policy.evaluate("cases/conflict", { first: 1, second: 2 }))).toBe("ERR_EVALUATION")
    expect(policy.evaluate("cases/echo", "x".repeat(2_000_000))).toHaveLength(2_000_000)
    expect(policy.evaluate("cases/data_size", {})).toBe(3)
  })
})

describe("an input that is not JSON", () => {
  const cyclic: Record<string, unknown> = {}
  cyclic["self"] = cyclic
  const unreadable = {
    get name(): string {
      throw new Error("not today")
    },
  }

  it.each([
    ["a BigInt", { a: [1n] }, "/a/0"],
    ["a function", { a: { run: () => true } }, "/a/run"],
    ["a function alone", () => true, "function"],
    ["a symbol", [Symbol("a")], "/0"],
    ["a cycle", cyclic, "cycle"],
    ["a lone surrogate", { a: ["ok", "\ud800"] }, "/a/1"],
    ["a lone surrogate at the end of a pair's text", ["\ud83d\ude00\udc00"], "/0"],
    ["a lone surrogate after an escaped backslash", ["\\\\\ud800"], "/0"],
    ["a lone surrogate in a key", { "a/\ud800": 1 }, "/a~1\ufffd"],
    ["a lone surrogate from toJSON", { a: { toJSON: () => "\udfff" } }, "/a"],
    ["something that cannot be read", unreadable, "not today"],
  ])("is refused with its place: %s", async (_name, input, place) => {
    const error = await errorOf(async () => (await cases()).evaluate("cases/echo", input))
    expect(error).toMatchObject({ code: "ERR_INPUT_INVALID", message: expect.stringContaining(place) })
  })

  it("is refused when nested deeper than 1,000 levels, and not before", async () => {
    const policy = await cases()
    const nested = (levels: number): unknown => Array.from({ length: levels }).reduce((inner) => [inner], 1)
    expect(policy.evaluate("cases/has_input", nested(1_000))).toBe(true)
    expect(await codeOf(() => policy.evaluate("cases/has_input", nested(1_001)))).toBe("ERR_INPUT_INVALID")
    expect(await codeOf(() => policy.evaluate("cases/has_input", nested(100_000)))).toBe("ERR_INPUT_INVALID")
    expect(policy.restarts).toBe(0)
  })

  it("is what JSON makes of it where that is well known", async () => {
    const policy = await cases()
    expect(policy.evaluate("cases/echo", { at: new Date(0), none: undefined, list: [undefined] })).toEqual({
      at: "1970-01-01T00:00:00.000Z",
      list: [null],
    })
  })
})
