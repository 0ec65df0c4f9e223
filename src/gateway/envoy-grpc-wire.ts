import { isUtf8 } from "node:buffer"
import { PdpError } from "../errors.js"

/** The fields of one protobuf message by number, each with its values in the order in which they came. */
export type WireFields = ReadonlyMap<number, readonly WireValue[]>

/** One value as it came: a varint, bytes behind their length, or eight or four bytes. */
export interface WireValue {
  readonly kind: "varint" | "bytes" | "fixed64" | "fixed32"
  /** 0 unless it is a varint. */
  readonly integer: bigint
  /** Empty for a varint. */
  readonly bytes: Buffer
}

/**
 * Reads one protobuf message. What the fields mean, those who ask for them know; unknown ones are kept and make no difference.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID` for bytes that are none, for groups (which proto3 has not), and for more than 100,000 values
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function readFields(bytes: Buffer): WireFields {
  const fields = new Map<number, WireValue[]>()
  let at = 0
  let count = 0
  while (at < bytes.length) {
    const tag = readSmall(bytes, at)
    const number = Math.floor(tag.value / 8)
    if (number < 1 || number > mostFieldNumber) throw malformed("a field has no number")
    if (++count > mostValues) throw malformed(`it holds more than ${mostValues} values`)
    const read = readValue(bytes, tag.end, tag.value % 8)
    const values = fields.get(number)
    if (values) values.push(read.value)
    else fields.set(number, [read.value])
    at = read.end
  }
  return fields
}

/** The text of a field; empty without it. The last one counts. @throws {PdpError} `ERR_INPUT_INVALID` for what is no UTF-8 */
export function textIn(fields: WireFields, number: number): string {
  const bytes = bytesIn(fields, number)
  if (!isUtf8(bytes)) throw malformed(`field ${number} is no UTF-8`)
  return bytes.toString("utf8")
}

/** The bytes of a field; none without it. */
export function bytesIn(fields: WireFields, number: number): Buffer {
  return last(fields, number, "bytes")?.bytes ?? noBytes
}

/** A signed integer; 0 without the field. */
export function integerIn(fields: WireFields, number: number): bigint {
  return BigInt.asIntN(64, last(fields, number, "varint")?.integer ?? 0n)
}

/** A floating-point number; 0 without the field. */
export function doubleIn(fields: WireFields, number: number): number {
  return last(fields, number, "fixed64")?.bytes.readDoubleLE() ?? 0
}

/** The message in a field; parts of it that came apart are one. */
export function messageIn(fields: WireFields, number: number): WireFields | undefined {
  const values = fields.get(number)
  return values && readFields(Buffer.concat(values.map((value) => ofKind(value, number, "bytes").bytes)))
}

/** The messages of a repeated field. */
export function messagesIn(fields: WireFields, number: number): readonly WireFields[] {
  return (fields.get(number) ?? []).map((value) => readFields(ofKind(value, number, "bytes").bytes))
}

/** The entries of a map with texts as keys, each with its value as field 2, in the order in which they came; a key may come twice. */
export function entriesIn(fields: WireFields, number: number): readonly (readonly [key: string, entry: WireFields])[] {
  return messagesIn(fields, number).map((entry) => [textIn(entry, 1), entry])
}

/** A text as a field; nothing when it is empty. */
export function writeText(number: number, text: string): Buffer {
  return text === "" ? noBytes : writeMessage(number, Buffer.from(text, "utf8"))
}

/** A message as a field. @param parts its fields */
export function writeMessage(number: number, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([varint(number * 8 + wire.bytes), varint(length), ...parts])
}

/** A whole number that is not negative, as a field. It is written even when it is 0, as members of a oneof are. */
export function writeInteger(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8 + wire.varint), varint(value)])
}

/** A floating-point number as a field, even when it is 0. */
export function writeDouble(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return Buffer.concat([varint(number * 8 + wire.fixed64), bytes])
}

const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const
const mostFieldNumber = 536_870_911
const mostValues = 100_000
const noBytes = Buffer.alloc(0)

interface Read<Value> {
  readonly value: Value
  /** Where the next one begins. */
  readonly end: number
}

function readValue(bytes: Buffer, at: number, type: number): Read<WireValue> {
  switch (type) {
    case wire.varint: {
      const { value, end } = readVarint(bytes, at)
      return { value: { kind: "varint", integer: value, bytes: noBytes }, end }
    }
    case wire.fixed64:
      return sized(bytes, at, 8, "fixed64")
    case wire.bytes: {
      const { value, end } = readSmall(bytes, at)
      return sized(bytes, end, value, "bytes")
    }
    case wire.fixed32:
      return sized(bytes, at, 4, "fixed32")
    default:
      throw malformed(`a field has the type ${type}`)
  }
}

function sized(bytes: Buffer, at: number, length: number, kind: WireValue["kind"]): Read<WireValue> {
  const end = at + length
  if (end > bytes.length) throw malformed("it ends within a field")
  return { value: { kind, integer: 0n, bytes: bytes.subarray(at, end) }, end }
}

/** A tag or a length: a varint that a number holds, or is too large for both anyway. */
function readSmall(bytes: Buffer, start: number): Read<number> {
  const first = bytes[start] ?? 0x80
  if (first < 0x80) return { value: first, end: start + 1 }
  const { value, end } = readVarint(bytes, start)
  return { value: Number(value), end }
}

function readVarint(bytes: Buffer, start: number): Read<bigint> {
  let value = 0n
  for (let at = start; at < bytes.length && at < start + 10; at++) {
    const byte = bytes[at] ?? 0
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - start))
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), end: at + 1 }
  }
  throw malformed("it ends within a number")
}

const oneByte: readonly Buffer[] = Array.from({ length: 0x80 }, (_, value) => Buffer.from([value]))

function varint(value: number): Buffer {
  const short = oneByte[value]
  if (short) return short
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return Buffer.from([...bytes, rest])
}

function last(fields: WireFields, number: number, kind: WireValue["kind"]): WireValue | undefined {
  const value = fields.get(number)?.at(-1)
  return value && ofKind(value, number, kind)
}

function ofKind(value: WireValue, number: number, kind: WireValue["kind"]): WireValue {
  if (value.kind === kind) return value
  throw malformed(`field ${number} is no ${kind}`)
}

function malformed(problem: string): PdpError {
  return new PdpError("ERR_INPUT_INVALID", `this is not the protobuf message that is due: ${problem}`)
}
