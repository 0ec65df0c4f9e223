import { PdpError } from "../errors.js"
import { bytesIn, doubleIn, entriesIn, integerIn, messageIn, messagesIn, textIn, type WireFields } from "./envoy-grpc-wire.js"

/**
 * `AttributeContext` as JSON, as protobuf writes it: names in camel case, 64-bit integers as texts, bytes in Base64, nothing that has its default value.
 * Of metadata, what is typed (`typed_filter_metadata`) is left out, because only who knows the types can read it.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID` for what is none, and for metadata that JSON cannot hold
 * @see https://protobuf.dev/programming-guides/json/
 */
export function attributesJson(attributes: WireFields): JsonMembers {
  return membersOf(attributes, attributeContext)
}

/** Members by name. */
export type JsonMembers = Readonly<Record<string, unknown>>

/** How a field is written: its name, and how its value is read. Undefined: it is left out. */
type FieldJson = readonly [name: string, read: (fields: WireFields, number: number) => unknown]
type MessageJson = ReadonlyMap<number, FieldJson>

function membersOf(fields: WireFields, message: MessageJson): JsonMembers {
  const members = [...message].map(([number, [name, read]]) => [name, fields.has(number) ? read(fields, number) : undefined] as const)
  return Object.fromEntries(members.filter(([, value]) => value !== undefined))
}

const text: FieldJson[1] = (fields, number) => textIn(fields, number) || undefined
const bytes: FieldJson[1] = (fields, number) => bytesIn(fields, number).toString("base64") || undefined
const long: FieldJson[1] = (fields, number) => (integerIn(fields, number) === 0n ? undefined : String(integerIn(fields, number)))
const whole: FieldJson[1] = (fields, number) => Number(integerIn(fields, number)) || undefined
/** A member of a oneof, which is written even when it is 0. */
const chosenWhole: FieldJson[1] = (fields, number) => Number(integerIn(fields, number))
const chosenText: FieldJson[1] = textIn
const truth: FieldJson[1] = (fields, number) => integerIn(fields, number) !== 0n || undefined
const texts: FieldJson[1] = (fields, number) => byName(fields, number, (entry) => textIn(entry, 2))
const structs: FieldJson[1] = (fields, number) => byName(fields, number, (entry) => structJson(messageIn(entry, 2) ?? nothing, 0))
const time: FieldJson[1] = (fields, number) => timeJson(messageIn(fields, number) ?? nothing)
const message =
  (inner: MessageJson): FieldJson[1] =>
  (fields, number) =>
    membersOf(messageIn(fields, number) ?? nothing, inner)
const messages =
  (inner: MessageJson): FieldJson[1] =>
  (fields, number) =>
    messagesIn(fields, number).map((one) => membersOf(one, inner))

const nothing: WireFields = new Map()

const socketAddress: MessageJson = new Map([
  [1, ["protocol", (fields, number) => (integerIn(fields, number) === 1n ? "UDP" : undefined)]],
  [2, ["address", text]],
  [3, ["portValue", chosenWhole]],
  [4, ["namedPort", chosenText]],
  [5, ["resolverName", text]],
  [6, ["ipv4Compat", truth]],
])
const address: MessageJson = new Map([
  [1, ["socketAddress", message(socketAddress)]],
  [
    2,
    [
      "pipe",
      message(
        new Map([
          [1, ["path", text]],
          [2, ["mode", whole]],
        ]),
      ),
    ],
  ],
  [
    3,
    [
      "envoyInternalAddress",
      message(
        new Map([
          [1, ["serverListenerName", chosenText]],
          [2, ["endpointId", text]],
        ]),
      ),
    ],
  ],
])
const peer: MessageJson = new Map([
  [1, ["address", message(address)]],
  [2, ["service", text]],
  [3, ["labels", texts]],
  [4, ["principal", text]],
  [5, ["certificate", text]],
])
const headerValue: MessageJson = new Map([
  [1, ["key", text]],
  [2, ["value", text]],
  [3, ["rawValue", bytes]],
])
const httpRequest: MessageJson = new Map([
  [1, ["id", text]],
  [2, ["method", text]],
  [3, ["headers", texts]],
  [13, ["headerMap", message(new Map([[1, ["headers", messages(headerValue)]]]))]],
  [4, ["path", text]],
  [5, ["host", text]],
  [6, ["scheme", text]],
  [7, ["query", text]],
  [8, ["fragment", text]],
  [9, ["size", long]],
  [10, ["protocol", text]],
  [11, ["body", text]],
  [12, ["rawBody", bytes]],
])
const metadata: MessageJson = new Map([[1, ["filterMetadata", structs]]])
const attributeContext: MessageJson = new Map([
  [1, ["source", message(peer)]],
  [2, ["destination", message(peer)]],
  [
    4,
    [
      "request",
      message(
        new Map([
          [1, ["time", time]],
          [2, ["http", message(httpRequest)]],
        ]),
      ),
    ],
  ],
  [10, ["contextExtensions", texts]],
  [11, ["metadataContext", message(metadata)]],
  [13, ["routeMetadataContext", message(metadata)]],
  [12, ["tlsSession", message(new Map([[1, ["sni", text]]]))]],
])

function byName(fields: WireFields, number: number, read: (entry: WireFields) => unknown): JsonMembers {
  return Object.fromEntries(entriesIn(fields, number).map(([name, entry]) => [name, read(entry)]))
}

/** RFC 3339 with as many digits as there are, in threes. */
function timeJson(timestamp: WireFields): string {
  const seconds = Number(integerIn(timestamp, 1))
  const nanoseconds = Number(integerIn(timestamp, 2))
  const whole = new Date(seconds * 1_000)
  if (Number.isNaN(whole.getTime()) || nanoseconds < 0 || nanoseconds >= 1e9) throw unwritable("its time is none")
  const digits = String(nanoseconds)
    .padStart(9, "0")
    .replace(/(?:000){1,3}$/, "")
  return whole.toISOString().replace(/\.\d+Z$/, digits === "" ? "Z" : `.${digits}Z`)
}

const mostNesting = 64

/** `google.protobuf.Struct`. */
function structJson(struct: WireFields, depth: number): JsonMembers {
  return byName(struct, 1, (entry) => valueJson(messageIn(entry, 2) ?? nothing, depth + 1))
}

/** `google.protobuf.Value`. */
function valueJson(value: WireFields, depth: number): unknown {
  if (depth > mostNesting) throw unwritable(`its metadata is nested more than ${mostNesting} times`)
  if (value.has(2)) return finite(doubleIn(value, 2))
  if (value.has(3)) return textIn(value, 3)
  if (value.has(4)) return integerIn(value, 4) !== 0n
  if (value.has(5)) return structJson(messageIn(value, 5) ?? nothing, depth)
  if (value.has(6)) return messagesIn(messageIn(value, 6) ?? nothing, 1).map((item) => valueJson(item, depth + 1))
  return null
}

function finite(number: number): number {
  if (Number.isFinite(number)) return number
  throw unwritable("its metadata holds a number that JSON has not")
}

function unwritable(problem: string): PdpError {
  return new PdpError("ERR_INPUT_INVALID", `the CheckRequest has no form in JSON: ${problem}`)
}
