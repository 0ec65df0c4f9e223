import { describe, expect, it } from "vitest"
import {
  bytesIn,
  doubleIn,
  entriesIn,
  integerIn,
  messageIn,
  messagesIn,
  readFields,
  textIn,
  writeDouble,
  writeInteger,
  writeMessage,
  writeText,
} from "../../../src/gateway/envoy-grpc-wire.js"

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values)
const invalid = expect.objectContaining({ code: "ERR_INPUT_INVALID" })

function thrownBy(run: () => unknown): unknown {
  try {
    return run()
  } catch (thrown) {
    return thrown
  }
}

describe("a protobuf message", () => {
  it("is read as it is written", () => {
    const message = Buffer.concat([
      writeText(1, "grüße"),
      writeInteger(2, 300),
      writeDouble(3, -1.5),
      writeMessage(4, writeText(1, "a")),
      writeMessage(4),
    ])
    const fields = readFields(message)
    expect(textIn(fields, 1)).toBe("grüße")
    expect(integerIn(fields, 2)).toBe(300n)
    expect(doubleIn(fields, 3)).toBe(-1.5)
    expect(messagesIn(fields, 4).map((one) => textIn(one, 1))).toEqual(["a", ""])
  })

  it("has defaults for what is not there", () => {
    const fields = readFields(bytes())
    expect([
      textIn(fields, 1),
      bytesIn(fields, 1).length,
      integerIn(fields, 1),
      doubleIn(fields, 1),
      messageIn(fields, 1),
      messagesIn(fields, 1),
    ]).toEqual(["", 0, 0n, 0, undefined, []])
    expect(writeText(1, "")).toEqual(bytes())
  })

  it("has the last of a field that comes twice, and one message of its parts", () => {
    const fields = readFields(
      Buffer.concat([writeText(1, "a"), writeText(1, "b"), writeMessage(2, writeText(1, "x")), writeMessage(2, writeText(2, "y"))]),
    )
    expect(textIn(fields, 1)).toBe("b")
    const joined = messageIn(fields, 2)
    expect(joined && [textIn(joined, 1), textIn(joined, 2)]).toEqual(["x", "y"])
  })

  it("has signed integers and large lengths and field numbers", () => {
    expect(integerIn(readFields(bytes(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)), 1)).toBe(-1n)
    const long = "x".repeat(70_000)
    expect(textIn(readFields(writeText(536_870_911, long)), 536_870_911)).toBe(long)
  })

  it("keeps every entry of a map", () => {
    const entry = (key: string, value: string): Buffer => writeMessage(3, writeText(1, key), writeText(2, value))
    const fields = readFields(Buffer.concat([entry("__proto__", "a"), entry("k", "b"), entry("k", "c")]))
    expect(entriesIn(fields, 3).map(([key, inner]) => [key, textIn(inner, 2)])).toEqual([
      ["__proto__", "a"],
      ["k", "b"],
      ["k", "c"],
    ])
  })

  it.each([
    ["a field that is cut off", bytes(0x0a, 0x05, 0x61)],
    ["a length beyond all bytes", bytes(0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)],
    ["a number without an end", bytes(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ["a tag without an end", bytes(0x80)],
    ["the field number 0", bytes(0x02, 0x00)],
    ["a group", bytes(0x0b, 0x0c)],
    ["a type that there is not", bytes(0x0f)],
    ["half a double", bytes(0x09, 0, 0, 0)],
    ["half a float", bytes(0x0d, 0, 0)],
  ])("is refused for %s", (_, message) => {
    expect(thrownBy(() => readFields(message))).toEqual(invalid)
  })

  it("is refused for fields of another type, for text that is none, and for more values than anybody needs", () => {
    expect(thrownBy(() => textIn(readFields(writeInteger(1, 1)), 1))).toEqual(invalid)
    expect(thrownBy(() => messageIn(readFields(writeInteger(1, 1)), 1))).toEqual(invalid)
    expect(thrownBy(() => integerIn(readFields(writeText(1, "a")), 1))).toEqual(invalid)
    expect(thrownBy(() => textIn(readFields(bytes(0x0a, 0x01, 0xff)), 1))).toEqual(invalid)
    expect(thrownBy(() => readFields(Buffer.alloc(200_002, 0x08).fill(0x08)))).toEqual(invalid)
  })
})
