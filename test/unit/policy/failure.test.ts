import { describe, expect, it } from "vitest"
import { loadWasmPolicy, type WasmPolicy } from "../../../src/policy/index.js"
import { cases, codeOf, errorOf, moduleOf } from "./fixture.js"

const mebibyte = 2 ** 20
const conflicting = { first: 1, second: 2 }

function provoke(policy: WasmPolicy, errors: number): void {
  for (let count = 0; count < errors; count++) expect(() => policy.evaluate("cases/conflict", conflicting)).toThrow("cases/conflict")
}

describe("an evaluation that fails", () => {
  it("names the entrypoint and what OPA says, and keeps the cause", async () => {
    const policy = await cases()
    const error = await errorOf(() => policy.evaluate("cases/conflict", conflicting))
    expect(error.code).toBe("ERR_EVALUATION")
    expect(error.message).toMatch(/cases\/conflict.*cases\.rego:\d+:\d+: var assignment conflict/)
    expect(error.cause).toBeDefined()
  })

  it("is followed by right answers on the same data", async () => {
    const policy = await cases({ data: { roles: { ann: ["Viewer"] }, items: [1, 2] } })
    provoke(policy, 1)
    expect(policy.evaluate("cases/facts", { principal: "ann" })).toEqual({ principal: "ann", roles: ["Viewer"] })
    expect(policy.evaluate("cases/data_size", {})).toBe(2)
    expect(policy.restarts).toBe(1)
  })

  it("may happen 1,000 times in a row, at no cost of memory", async () => {
    const policy = await cases({ data: { items: [1, 2, 3] } })
    provoke(policy, 500)
    const before = process.memoryUsage.rss()
    provoke(policy, 1_000)
    expect(policy.evaluate("cases/data_size", {})).toBe(3)
    expect(policy.restarts).toBe(1_500)
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * mebibyte)
  })

  it.each([
    ["a lone surrogate in trusted text", '{"a":"\\ud800"}'],
    ["text nested until the stack ends", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ])("is coded and recovered from: %s", async (_name, text) => {
    const policy = await cases()
    expect(await codeOf(() => policy.evaluateText("cases/has_input", text))).toBe("ERR_EVALUATION")
    expect(policy.evaluate("cases/allow", {})).toBe(true)
  })

  it("is coded when a builtin throws, and names the builtin", async () => {
    const policy = await loadWasmPolicy({
      wasm: moduleOf("host-builtins"),
      builtins: {
        "hex.encode": () => {
          throw new Error("no hex today")
        },
        "semver.compare": async () => Promise.reject(new Error("late")),
      },
    })
    const thrown = await errorOf(() => policy.evaluate("host/upper_hex", { text: "a" }))
    expect(thrown).toMatchObject({ code: "ERR_EVALUATION", message: expect.stringContaining("hex.encode: no hex today") })
    const promised = await errorOf(() => policy.evaluate("host/newer", { a: "1.0.0", b: "2.0.0" }))
    expect(promised).toMatchObject({ code: "ERR_EVALUATION", message: expect.stringContaining("semver.compare: returned a promise") })
  })

  it("is one when a builtin calls the policy that calls it", async () => {
    const policy: WasmPolicy = await loadWasmPolicy({
      wasm: moduleOf("host-builtins"),
      builtins: { "hex.encode": () => policy.evaluate("host/newer", {}), "semver.compare": () => 1 },
    })
    expect(await codeOf(() => policy.evaluate("host/upper_hex", { text: "a" }))).toBe("ERR_EVALUATION")
    expect(policy.evaluate("host/newer", { a: "2.0.0", b: "1.0.0" })).toBe(true)
  })
})

describe("memory", () => {
  it("stays where it is over many evaluations", async () => {
    const policy = await cases({ data: { items: [1] } })
    const before = policy.memoryBytes()
    for (let count = 0; count < 20_000; count++) policy.evaluateText("cases/echo", `{"count":${count},"text":"${"x".repeat(count % 500)}"}`)
    expect(policy.memoryBytes()).toBe(before)
    expect(policy.restarts).toBe(0)
  })

  it("is given back after an input that made it grow far", async () => {
    const policy = await cases()
    const before = policy.memoryBytes()
    expect(policy.evaluate("cases/echo", "x".repeat(8 * mebibyte))).toHaveLength(8 * mebibyte)
    expect(policy.restarts).toBe(1)
    expect(policy.evaluate("cases/allow", {})).toBe(true)
    expect(policy.memoryBytes()).toBe(before)
  })

  it("does not grow twice for one big input", async () => {
    const policy = await cases()
    const before = policy.memoryBytes()
    policy.evaluateText("cases/has_input", JSON.stringify("x".repeat(3 * mebibyte)))
    expect(policy.memoryBytes() - before).toBeLessThan(7 * mebibyte)
  })

  it("ends at its limit with an error that names it, and the policy goes on", async () => {
    const policy = await cases({ memoryLimitMb: 8 })
    const error = await errorOf(() => policy.evaluate("cases/numbers_up_to", { last: 1_000_000 }))
    expect(error).toMatchObject({ code: "ERR_EVALUATION", reason: "memory_exhausted", message: expect.stringMatching(/8 MiB.*memoryLimitMb/) })
    expect(policy.evaluate("cases/numbers_up_to", { last: 3 })).toEqual([1, 2, 3])
  })

  it("refuses an input that cannot fit, before it does harm", async () => {
    const policy = await cases({ memoryLimitMb: 8 })
    const error = await errorOf(() => policy.evaluate("cases/has_input", "x".repeat(mebibyte)))
    expect(error).toMatchObject({ code: "ERR_INPUT_INVALID", message: expect.stringContaining("memoryLimitMb") })
    expect(policy.restarts).toBe(0)
  })

  it("has room for an input beyond ASCII that only just fits", async () => {
    const policy = await cases()
    for (let length = 320_000; length < 330_000; length += 777) expect(policy.evaluate("cases/echo", "€".repeat(length))).toHaveLength(length)
  })

  it("holds data that takes more than most does", async () => {
    const policy = await cases({ data: { items: Array.from({ length: 50_000 }, () => 1) } })
    expect(policy.evaluate("cases/data_size", {})).toBe(50_000)
    provoke(policy, 1)
    expect(policy.evaluate("cases/data_size", {})).toBe(50_000)
  })
})
