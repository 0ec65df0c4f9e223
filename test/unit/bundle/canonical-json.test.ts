import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { canonicalJson, canonicalValue, byCodePoints } from "../../../src/bundle/canonical-json.js"
import { fileHash } from "../../../src/bundle/file-hash.js"

const canonical = (text: string): string => canonicalJson(text, "data.json", 10)

describe("canonical JSON, as OPA hashes it", () => {
  it.each([
    [
      "keeps numbers as they are written",
      '{ "b":1.0, "a": [1E5, -0,1e-7, 12345678901234567890123, 0.10 ] }',
      '{"a":[1E5,-0,1e-7,12345678901234567890123,0.10],"b":1.0}',
    ],
    ["orders keys by code points, not by UTF-16", '{"\u{1f600}":1,"\uff00":2,"a":3,"10":4,"9":5}', '{"10":4,"9":5,"a":3,"\uff00":2,"\u{1f600}":1}'],
    ["escapes what Go escapes", '"<&>\\u003c\u2028\\u2029\\b\\f\\n\\u0001\\/\u007f"', '"<&><\\u2028\\u2029\\b\\f\\n\\u0001/\u007f"'],
    ["replaces halves of pairs", '["\\ud800","\\ud83d\\ude00","\\udc00x"]', '["\ufffd","\u{1f600}","\ufffdx"]'],
    ["takes the last of equal keys", '{"a":1,"a":2,"\\u0061":3}', '{"a":3}'],
    ["has no __proto__", '{"__proto__":{"x":1},"constructor":[]}', '{"__proto__":{"x":1},"constructor":[]}'],
    ["knows empty ones and words", " [ { } , [ ] , true,false , null ] ", "[{},[],true,false,null]"],
  ])("%s", (_, text, expected) => {
    expect(canonical(text)).toBe(expected)
  })

  it.each([
    "",
    "{",
    "[1,]",
    "{,}",
    '{"a"}',
    '{"a":}',
    "NaN",
    "Infinity",
    "01",
    "1.",
    "+1",
    "'a'",
    '"\n"',
    '"\\x"',
    "1 2",
    "tru",
    '{"a":1,}',
    "\u00a01",
  ])("refuses %j", (text) => {
    expect(() => canonical(text)).toThrow(expect.objectContaining({ code: "ERR_BUNDLE_INVALID", reason: "json_invalid" }))
  })

  it("refuses what is nested too deeply", () => {
    expect(canonical("[".repeat(10) + "]".repeat(10))).toBe("[".repeat(10) + "]".repeat(10))
    expect(() => canonical("[".repeat(100_000))).toThrow(expect.objectContaining({ code: "ERR_BUNDLE_INVALID" }))
  })

  it("reads a text of ten megabytes", () => {
    const long = JSON.stringify("x\\\n".repeat(3_000_000))
    expect(canonical(long)).toBe(long)
  })

  it("is the same of a value and of its text", () => {
    const value = { b: [1.5, 1e21, 1e-7, null, true], a: { "\u2028": "\ud800", gone: undefined } }
    expect(canonicalValue(value)).toBe(canonical(JSON.stringify(value)))
  })

  it("orders texts as their UTF-8 bytes are ordered", () => {
    const texts = ["", "a", "aa", "b", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}", "é", "a\u{1f600}", "a\uff00"]
    const byBytes = [...texts].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    expect([...texts].sort(byCodePoints)).toEqual(byBytes)
  })
})

describe("the hash of a file", () => {
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

  it.each([
    ["data.json", '{ "a": 1 }', '{"a":1}'],
    ["x/.manifest", '{ "a": 1 }', '{"a":1}'],
    ["x/data.yaml", "b: yes\na: 012\nt: 2001-12-14\nf: 1.50\n", '{"a":10,"b":true,"f":1.5,"t":"2001-12-14"}'],
    ["x/data.yml", "a: 1\n", "a: 1\n"],
    ["x/mydata.json", '{ "a": 1 }', '{ "a": 1 }'],
    ["x.rego", "package x ", "package x "],
  ])("of %s is over its canonical form, or its bytes", (name, text, hashed) => {
    expect(fileHash(name, Buffer.from(text))).toBe(sha256(hashed))
  })

  it.each([
    ["data.json", Buffer.from([0x22, 0xff, 0x22])],
    ["data.json", Buffer.from("NaN")],
    ["data.yaml", Buffer.from("a: [")],
  ])("of a malformed %s is none", (name, bytes) => {
    expect(() => fileHash(name, bytes)).toThrow(expect.objectContaining({ code: "ERR_BUNDLE_INVALID" }))
  })
})
