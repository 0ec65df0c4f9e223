import { describe, expect, it } from "vitest"
import { escapedJson, isPrintable, printable, printableLines } from "../../../src/model/printable.js"

const steering = [
  ["a C0 control", "\u001b"],
  ["DEL", "\u007f"],
  ["a C1 control", "\u009b"],
  ["a turn of direction", "\u202e"],
  ["an isolate", "\u2066"],
  ["a format character", "\u200b"],
  ["a tag", "\u{e0041}"],
  ["a line separator", "\u2028"],
  ["a paragraph separator", "\u2029"],
  ["a lone surrogate", "\ud800"],
  ["a carriage return", "\r"],
] as const

describe("what a terminal is shown", () => {
  it.each([...steering, ["a newline", "\n"], ["a tab", "\t"]] as const)("has no %s of others in it", (_, char) => {
    expect([printable(`a${char}${char}b`), printable(`a${char}b`, "?"), isPrintable(`a${char}b`)]).toEqual(["a b", "a?b", false])
  })

  it.each(["", "plain text", "Größe, 名前, ñ", "🙂", "e\u0301"])("keeps '%s' as it is", (text) => {
    expect([printable(text), printableLines(text), escapedJson(text), isPrintable(text)]).toEqual([text, text, text, true])
  })

  it.each(steering)("has its own lines, and no %s", (_, char) => {
    expect(printableLines(`a\n\tb${char}c`)).toBe("a\n\tb c")
  })

  it.each(steering)("has %s escaped in JSON, which says the same", (_, char) => {
    const value = { [`k${char}`]: [`a${char}b\n\t`] }
    const text = escapedJson(JSON.stringify(value, undefined, 2))
    expect(JSON.parse(text)).toEqual(value)
    expect(text.split("\n").every(isPrintable)).toBe(true)
  })
})
