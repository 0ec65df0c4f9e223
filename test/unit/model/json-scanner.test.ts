import { describe, expect, it } from "vitest"
import { scanJson } from "../../../src/model/json-scanner.js"

const limits = { depth: 64, keys: 1_000 }
const scan = (text: string | Buffer) => scanJson(typeof text === "string" ? Buffer.from(text) : text, limits)

describe("the border scanner", () => {
  it.each([
    ["an ordinary body", `{"input":{"principal_id":"ann","groups":["a","b"],"method":"GET","path":"/x"}}`],
    ["the same key in different objects", `[{"a":1,"b":{"a":1}},{"a":1}]`],
    ["a string that equals a key", `{"a":"a","b":["a","a"]}`],
    ["a key after an object and an array", `{"a":{"b":1},"c":[{"b":1}],"b":[1,2]}`],
    ["__proto__", `{"__proto__":{"a":1},"constructor":1}`],
    ["a surrogate pair, escaped and raw", `{"a":"\\ud83d\\ude00","b":"😀"}`],
    ["an escaped backslash before a u", `{"a":"\\\\ud800"}`],
    ["numbers at the edge", `[1e308,-1.5E-400,0,-0,123456789012345678901234567890]`],
    ["brackets inside strings", `{"a":"[[[{{{\\"}"}`],
    ["64 levels", "[".repeat(64) + "]".repeat(64)],
    ["1,000 keys", `{${Array.from({ length: 1_000 }, (_, at) => `"k${at}":0`).join()}}`],
    ["an empty body", ""],
    ["keys that only differ after unescaping another way", `{"\\u0061":1,"\\u0062":2}`],
  ])("lets %s pass", (_, text) => {
    expect(scan(text)).toBeUndefined()
  })

  it.each([
    ["a duplicate key", `{"a":1,"a":2}`, 7],
    ["a duplicate key that is escaped the second time", `{"a":1,"\\u0061":2}`, 7],
    ["a duplicate key that is escaped the first time", `{"\\u0061":1,"a":2}`, 12],
    ["a duplicate of an escaped solidus", `{"a/b":1,"a\\/b":2}`, 9],
    ["a duplicate after a nested object", `{"a":{"b":1},"c":[1],"a":2}`, 21],
    ["a duplicate empty key", `{"":1,"":2}`, 6],
    ["a lone high surrogate", `{"a":"\\ud800"}`, 6],
    ["a lone low surrogate", `["\\uDC00"]`, 2],
    ["a high surrogate before another escape", `["\\ud800\\u0041"]`, 2],
    ["a lone surrogate in a key", `{"\\ud83d":1}`, 2],
    ["a number beyond a double", `[1e999]`, 1],
    ["a negative number beyond a double", `{"a":-1e309}`, 5],
    ["400 digits", `[${"9".repeat(400)}]`, 1],
    ["65 levels", "[".repeat(65) + "]".repeat(65), 64],
    ["20,000 levels without an end", `{"a":`.repeat(20_000), 64 * 5],
  ])("finds %s", (_, text, offset) => {
    expect(scan(text)?.offset).toBe(offset)
  })

  it("finds the 1,001st key", () => {
    expect(scan(`{${Array.from({ length: 1_001 }, (_, at) => `"k${at}":0`).join()}}`)?.problem).toContain("1000 keys")
  })

  it("finds a duplicate among many keys", () => {
    expect(scan(`{${Array.from({ length: 500 }, (_, at) => `"k${at}":0`).join()},"k250":1}`)?.problem).toContain("k250")
  })

  it("finds invalid UTF-8 where it begins", () => {
    expect(scan(Buffer.concat([Buffer.from(`{"a":"`), Buffer.from([0xc3, 0x28]), Buffer.from(`"}`)]))?.offset).toBe(6)
  })

  it("finds a surrogate that is written as bytes", () => {
    expect(scan(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))?.offset).toBe(1)
  })

  it("survives every way to cut a body off", () => {
    const text = `{"a":[1e5,"\\ud83d\\ude00\\n",{"b":"c"}],"d":-1.5}`
    for (let length = 0; length <= text.length; length++) expect(() => scan(text.slice(0, length))).not.toThrow()
  })

  it("agrees with JSON.parse and JSON.stringify on whether random objects repeat a key", () => {
    let seed = 7
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below
    const spell = (name: string) =>
      [...name].map((letter) => (random(3) ? letter : `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`)).join("")
    for (let round = 0; round < 2_000; round++) {
      const names = Array.from({ length: random(20) }, () => String.fromCharCode(97 + random(26)) + (random(2) ? "" : String(random(5))))
      const text = `{${names.map((name) => `"${spell(name)}":${random(9)}`).join()}}`
      expect(scan(text) !== undefined, text).toBe(new Set(names).size !== names.length)
    }
  })

  it("stays linear for a body full of keys", () => {
    const object = `{${Array.from({ length: 999 }, (_, at) => `"${at.toString(36)}":0`).join()}}`
    const body = Buffer.from(`[${Array.from({ length: 100 }, () => object).join()}]`)
    const begin = performance.now()
    expect(scan(body)).toBeUndefined()
    expect(performance.now() - begin).toBeLessThan(1_000)
  })
})
