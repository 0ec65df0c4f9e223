import { createHmac } from "node:crypto"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { loadWasmPolicy, type WasmPolicy, type WasmPolicyOptions } from "../../../src/policy/index.js"
import { opaBuiltins } from "../../../src/policy/opa-builtins.js"
import type { Evaluation } from "../../../src/policy/opa-builtin.js"
import { termOf, type Term } from "../../../src/policy/term.js"
import { jsonOf, parseTerm, termText } from "../../../src/policy/term-text.js"
import { codeOf, errorOf, moduleOf } from "./fixture.js"

const builtins = (options: Omit<WasmPolicyOptions, "wasm"> = {}): Promise<WasmPolicy> =>
  loadWasmPolicy({ wasm: moduleOf("opa-builtins"), ...options })
const noon = Date.UTC(2026, 10, 25, 12)

describe("clock and chance", () => {
  it("stay the same throughout an evaluation, and are read anew for the next", async () => {
    let now = noon
    let next = 0
    const policy = await builtins({ hooks: { now: () => now++, random: () => (next++ % 10) / 10 } })
    expect(policy.evaluate("builtins/now", {})).toEqual([noon * 1e6, noon * 1e6, 0, 0, expect.stringMatching(/^.{14}4.{4}[89ab]/)])
    expect(policy.evaluate("builtins/now", {})).toEqual([(noon + 1) * 1e6, (noon + 1) * 1e6, expect.anything(), expect.anything(), expect.anything()])
  })

  it("are the system's by default", async () => {
    const before = Date.now()
    const [now] = Object.values(Object((await builtins()).evaluate("builtins/now", {})))
    expect(Number(now) / 1e6).toBeGreaterThanOrEqual(before)
    expect(Number(now) / 1e6).toBeLessThanOrEqual(Date.now() + 1)
  })
})

describe("regular expressions", () => {
  it("take time linear in the text, whatever they are", async () => {
    const policy = await builtins({ memoryLimitMb: 64 })
    const started = performance.now()
    const input = { text: `${"a".repeat(2_000)}!`, pattern: "^(a+)+$", value: "" }
    expect(policy.evaluate("builtins/replaced", input)).toBe(input.text)
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  it.each(["(a)\\1", "a(?=b)", "a{1001}", "((a{100}){100}){100}", "("])("of another dialect, or very large, are undefined: %s", async (pattern) => {
    expect((await builtins()).evaluate("builtins/replaced", { text: "aab", pattern, value: "x" })).toBeUndefined()
  })

  it("replace with groups by number and by name", async () => {
    const input = { text: "ann@example.com", pattern: "(?P<name>[a-z]+)@(.*)", value: "$2: ${name}" }
    expect((await builtins()).evaluate("builtins/replaced", input)).toBe("example.com: ann")
  })
})

describe("sprintf", () => {
  it("writes sets and objects as OPA does", async () => {
    expect((await builtins()).evaluate("builtins/written", { format: "%v %s", value: "x" })).toBe('{1, "x"} {"x": set()}')
  })

  it.each([
    ["%d %s", '["a", 1]', "%!d(string=a) %!s(int64=1)"],
    ["%d", "[]", "%!d(MISSING)"],
    ["%d", "[1, 2.5]", "1%!(EXTRA float64=2.5)"],
    ["%05d|%-6s|%+d|%x", '[42, "ab", 7, 255]', "00042|ab    |+7|ff"],
    ["%.2f %e %g %v", "[3.14159, 1.5, 0.00001234, 100000000000000000000000]", "3.14 1.500000e+00 1.234e-05 100000000000000000000000"],
    ["%[2]s %[1]s %%", '["b", "a"]', "a b %"],
    ["%q %t", '["say \\"hi\\"", true]', '"say \\"hi\\"" %!t(string=true)'],
  ])("formats like Go: %s of %s", (format, values, expected) => {
    expect(called("sprintf", format, parseTerm(values))).toBe(expected)
  })
})

describe("builtins that could take forever", () => {
  it.each([
    ["expanded", { cidr: "10.0.0.0/8" }],
    ["many", { last: 1_000_000_000 }],
  ])("end with an error: %s", async (rule, input) => {
    expect(await codeOf(async () => (await builtins()).evaluate(`builtins/${rule}`, input))).toBe("ERR_EVALUATION")
  })

  it("name themselves in it", async () => {
    const error = await errorOf(async () => (await builtins()).evaluate("builtins/expanded", { cidr: "::/0" }))
    expect(error.message).toContain("net.cidr_expand")
  })
})

describe("tokens", () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")
  const token = (claims: unknown, secret: string, header: unknown = { alg: "HS256" }): string => {
    const text = `${part(header)}.${part(claims)}`
    return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`
  }

  it.each([
    ["is verified", { exp: noon / 1_000 + 1 }, "k", true],
    ["is not, when expired", { exp: noon / 1_000 }, "k", false],
    ["is not yet", { nbf: noon / 1_000 + 1 }, "k", false],
    ["is not, for an audience that nobody asked for", { aud: "x" }, "k", false],
    ["is not, with another secret", {}, "other", false],
  ])("one %s", async (_name, claims, secret, isVerified) => {
    const policy = await builtins({ hooks: { now: () => noon } })
    const expected = isVerified ? [true, { alg: "HS256" }, claims] : [false, {}, {}]
    expect(policy.evaluate("builtins/decoded", { token: token(claims, "k"), secret })).toEqual(expected)
  })

  it("without a signature is never verified", async () => {
    const unsigned = `${part({ alg: "none" })}.${part({})}.`
    expect((await builtins()).evaluate("builtins/decoded", { token: unsigned, secret: "k" })).toEqual([false, {}, {}])
  })
})

describe("values", () => {
  it.each(["null", "[1, 2.5, -3]", '{"a": {1, "x"}, [2]: set()}', "123456789012345678901234567890", '"\\u0000é😀"', "{}"])(
    "are read and written: %s",
    (text) => {
      expect(termText(parseTerm(text))).toBe(text)
    },
  )

  it.each(["", "{1", "[1 2]", "tru", '"a', "1 2", '{"a" 1}'])("are refused: %s", (text) => {
    expect(() => parseTerm(text)).toThrow(SyntaxError)
  })

  it("of sets have an order, and each once", () => {
    expect(termText(parseTerm('{"b", [1], 2, null, "a", 2, {"k": 1}, true, {3}}'))).toBe('{null, true, 2, "a", "b", [1], {"k": 1}, {3}}')
  })

  it("as JSON have sets as arrays and keys as texts", () => {
    expect(jsonOf(parseTerm('{{2, 1}: "x", "__proto__": 1}'))).toBe('{"__proto__":1,"[1,2]":"x"}')
  })
})

it.each<[string, Term[], unknown]>([
  ["time.format", [[1_700_000_000_000_000_000n, "Europe/Berlin", "RFC3339"]], "2023-11-14T23:13:20+01:00"],
  ["time.parse_ns", ["2006-01-02", "2024-02-29"], 1_709_164_800_000_000_000n],
  ["time.parse_ns", ["2006-01-02", "2023-02-29"], undefined],
  ["time.parse_duration_ns", ["1w2d"], 777_600_000_000_000n],
  ["units.parse", ["1.5Mi"], 1_572_864],
  ["units.parse", ["1e999999"], undefined],
  ["semver.compare", ["1.0.0-a.2", "1.0.0-a.10"], -1],
  ["net.cidr_merge", [["10.0.0.0/25", "10.0.0.128/25"]], new Set(["10.0.0.0/24"])],
  ["crypto.hmac.equal", ["a", "b"], false],
  ["hex.decode", ["6f6b"], "ok"],
  ["yaml.unmarshal", ["a: 2001-01-01\nb: on"], termOf({ a: "2001-01-01", b: true })],
  ["yaml.unmarshal", ["a: &a [1]\nb: [*a, *a]\n"], termOf({ a: [1], b: [[1], [1]] })],
  ["opa.runtime", [], new Map()],
])("%s is what OPA says (%#)", (name, operands, expected) => {
  expect(called(name, ...operands)).toEqual(expected)
})

it("every builtin is in the documentation", () => {
  const page = readFileSync("docs/policy.md", "utf8")
  expect([...opaBuiltins.keys()].filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

function called(name: string, ...operands: readonly Term[]): Term | undefined {
  const evaluation: Evaluation = { nowNanos: () => BigInt(noon) * 1_000_000n, random: () => 0, remembered: new Map() }
  try {
    return opaBuiltins.get(name)?.apply(evaluation, [...operands])
  } catch {
    return undefined
  }
}
