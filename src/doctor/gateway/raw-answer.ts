import type { HeaderLine } from "./raw-request.js"

/** What came back over a connection. */
export interface RawAnswer {
  readonly status: number
  readonly headers: readonly HeaderLine[]
  /** Not unpacked, at most {@link mostBodyBytes}. */
  readonly body: string
}

/** As much of an answer as there is. */
export type AnswerSoFar = { readonly answer: RawAnswer; readonly isWhole: boolean } | "incomplete" | "unreadable"

/** What is read of the head of an answer, and of its body. */
export const mostHeadBytes: number = 256 * 1024
export const mostBodyBytes: number = 1024 * 1024

/**
 * Reads what a server has sent so far; 1xx answers but 101 are passed over.
 *
 * @param bytes everything from the beginning of the connection
 * @param toHead of a `HEAD` request, whose answer has no body
 * @param isOver nothing more will come
 * @see RFC 9112 sections 4 and 6
 */
export function readAnswer(bytes: Buffer, toHead: boolean, isOver: boolean): AnswerSoFar {
  const end = bytes.indexOf("\r\n\r\n")
  if (end < 0) return isOver || bytes.length > mostHeadBytes || !mayBegin(bytes) ? "unreadable" : "incomplete"
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n")
  const [, code] = /^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(statusLine) ?? []
  if (code === undefined) return "unreadable"
  const status = Number(code)
  const rest = bytes.subarray(end + 4)
  if (status < 200 && status !== 101) return readAnswer(rest, toHead, isOver)
  const headers = lines.map(headerLine)
  const { body, isWhole } = toHead || hasNoBody(status) ? { body: nothing, isWhole: true } : readBody(rest, headers)
  return { answer: { status, headers, body: body.toString("utf8", 0, mostBodyBytes) }, isWhole: isWhole || isOver || body.length >= mostBodyBytes }
}

/** The values of a header, in order. @param name in lower case */
export function valuesOf({ headers }: Pick<RawAnswer, "headers">, name: string): readonly string[] {
  return headers.filter(([sent]) => sent.toLowerCase() === name).map(([, value]) => value)
}

const nothing = Buffer.alloc(0)
const beginning = "HTTP/1."

function mayBegin(bytes: Buffer): boolean {
  const text = bytes.toString("latin1", 0, beginning.length)
  return beginning.startsWith(text)
}

function headerLine(line: string): HeaderLine {
  const colon = line.indexOf(":")
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).trim()]
}

function hasNoBody(status: number): boolean {
  return status === 101 || status === 204 || status === 304
}

interface BodySoFar {
  readonly body: Buffer
  readonly isWhole: boolean
}

function readBody(bytes: Buffer, headers: readonly HeaderLine[]): BodySoFar {
  const [coding = ""] = valuesOf({ headers }, "transfer-encoding")
  if (/\bchunked$/i.test(coding)) return readChunks(bytes)
  const length = Number(valuesOf({ headers }, "content-length")[0] ?? "Infinity")
  return { body: bytes.subarray(0, length), isWhole: bytes.length >= length }
}

function readChunks(bytes: Buffer): BodySoFar {
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at)
    const size = lineEnd < 0 ? Number.NaN : Number.parseInt(bytes.toString("latin1", at, lineEnd), 16)
    if (Number.isNaN(size)) return { body: Buffer.concat(chunks), isWhole: false }
    if (size === 0) return { body: Buffer.concat(chunks), isWhole: true }
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
