import { bodyReader, type BodyReader } from "./body-reader.js"
import { valuesOf, type RawAnswer } from "./raw-answer.js"
import type { HeaderLine } from "./raw-request.js"

/** An answer, or why there is none yet, or never will be. */
export type AnswerSoFar = RawAnswer | "incomplete" | "unreadable"

/** Reads an answer as it comes, each byte once. */
export interface AnswerReader {
  /** @returns the answer once it is whole */
  readonly read: (bytes: Buffer) => AnswerSoFar
  /** Nothing more will come. @returns as much of the answer as there is after its head */
  readonly end: () => Exclude<AnswerSoFar, "incomplete">
}

/** What is read of the heads of an answer. */
export const mostHeadBytes: number = 256 * 1024
/** How many 1xx answers may come before the answer. */
export const mostInterim = 10

/**
 * A reader of one answer; 1xx answers but 101 are passed over. What a client would believe of an answer it believes once its head is there: a body that
 * does not end, or has no right form, changes nothing of that.
 *
 * @param toHead of a `HEAD` request, whose answer has no body
 * @see RFC 9112 sections 4 and 6
 */
export function answerReader(toHead: boolean): AnswerReader {
  let head = headReader()
  let found: (Omit<RawAnswer, "body"> & { readonly body: BodyReader }) | undefined
  let interim = 0
  let isLost = false
  const answer = (): RawAnswer | undefined => found && { status: found.status, headers: found.headers, body: found.body.text() }
  const take = (bytes: Buffer): void => {
    let rest: Buffer | undefined = bytes
    while (rest && !found && !isLost) {
      const read = head.read(rest)
      if (read === "incomplete") return
      const parsed = read === "unreadable" ? undefined : parsedHead(read.head)
      if (read === "unreadable" || !parsed) return void (isLost = true)
      if (parsed.status >= 200 || parsed.status === 101) found = { ...parsed, body: bodyOf(parsed, toHead) }
      else if (++interim > mostInterim) isLost = true
      else head = headReader()
      rest = read.rest
    }
    if (rest && found) found.body.read(rest)
  }
  return {
    read(bytes) {
      take(bytes)
      if (isLost) return "unreadable"
      return (found?.body.isWhole() ? answer() : undefined) ?? "incomplete"
    },
    end: () => answer() ?? "unreadable",
  }
}

type HeadSoFar = { readonly head: string; readonly rest: Buffer } | "incomplete" | "unreadable"

/** Looks for the end of a head, in what is new of it alone. */
function headReader(): { readonly read: (bytes: Buffer) => HeadSoFar } {
  const pieces: Buffer[] = []
  let size = 0
  let tail = ""
  return {
    read(bytes) {
      const text = tail + bytes.toString("latin1")
      const end = text.indexOf("\r\n\r\n")
      const taken = end < 0 ? bytes.length : end + 4 - tail.length
      pieces.push(bytes.subarray(0, taken))
      size += taken
      tail = text.slice(-3)
      if (size > mostHeadBytes || !mayBegin(pieces)) return "unreadable"
      return end < 0 ? "incomplete" : { head: Buffer.concat(pieces, size).toString("latin1", 0, size - 4), rest: bytes.subarray(taken) }
    },
  }
}

const beginning = "HTTP/1."

function mayBegin(pieces: readonly Buffer[]): boolean {
  const text = Buffer.concat(pieces.slice(0, beginning.length)).toString("latin1", 0, beginning.length)
  return beginning.startsWith(text)
}

function parsedHead(head: string): Omit<RawAnswer, "body"> | undefined {
  const [statusLine = "", ...lines] = head.split("\r\n")
  const [, code] = /^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(statusLine) ?? []
  return code === undefined ? undefined : { status: Number(code), headers: lines.map(headerLine) }
}

function headerLine(line: string): HeaderLine {
  const colon = line.indexOf(":")
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).trim()]
}

function bodyOf(head: Omit<RawAnswer, "body">, toHead: boolean): BodyReader {
  if (toHead || [101, 204, 304].includes(head.status)) return bodyReader({ length: 0 })
  const [coding = ""] = valuesOf(head, "transfer-encoding")
  if (/\bchunked$/i.test(coding)) return bodyReader("chunked")
  const [length = ""] = valuesOf(head, "content-length")
  return bodyReader({ length: /^\d{1,15}$/.test(length) ? Number(length) : Infinity })
}
