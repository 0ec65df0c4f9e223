import { describe, expect, it } from "vitest"
import { yamlBody } from "../../../src/opa/index.js"

const refused = { problem: expect.any(String) }

describe("a body in YAML", () => {
  it.each([
    ["a: 1\nb: [x, 'y']", '{"a":1,"b":["x","y"]}'],
    ["b: &b {x: 1}\nc: &c {w: 2}\na:\n  <<: *b\n  <<: *c\n  z: 3", '{"b":{"x":1},"c":{"w":2},"a":{"x":1,"w":2,"z":3}}'],
    ["b: &b {x: 1}\na: {<<: *b, x: 2}", '{"b":{"x":1},"a":{"x":2}}'],
    ["b: &b {x: 1}\na: {<<: [*b, *b]}", '{"b":{"x":1},"a":{"x":1}}'],
    ["{a: {x: 1}, b: {x: 1}}", '{"a":{"x":1},"b":{"x":1}}'],
    ["__proto__: {x: 1}", '{"__proto__":{"x":1}}'],
  ])("is read as JSON: %j", (text, json) => {
    expect(yamlBody(text)).toEqual({ json })
  })

  it.each([
    "a: 1\na: 2",
    "x: [{a: 1, 'a': 2}]",
    "1: x\n'1': y",
    "? a\n? a",
    "k: &k a\n*k : 1\na: 2",
    "__proto__: 1\n__proto__: 2",
    "k: &k [*k, {x: 1, x: 2}]",
  ])("with a key twice is refused: %j", (text) => {
    expect(yamlBody(text)).toEqual(refused)
  })

  it("takes no longer for many keys than for few", () => {
    const keys = Array.from({ length: 3_500 }, (_, at) => `k${at}: 1`)
    const startedAt = performance.now()
    for (const text of [`{${keys.join(",")}}`, keys.join("\n"), " ? \n".repeat(8_000), "[".repeat(16_000)]) yamlBody(text)
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    expect(yamlBody(`{${keys.join(",")}}`)).toHaveProperty("json")
    expect(yamlBody("#".repeat(32_769))).toEqual(refused)
  })
})
