import { PdpError } from "../errors.js"

/**
 * The parts of a body in `multipart/form-data` by name, each a text, or JSON where its own `Content-Type` says so. Parts without a name are left out.
 *
 * @returns undefined when the type names no boundary
 * @throws {PdpError} `ERR_INPUT_INVALID` for a body that is none
 * @see https://www.rfc-editor.org/rfc/rfc7578
 */
export function parsedMultipart(
  body: Buffer,
  type: string,
  parseJson: (bytes: Buffer) => unknown,
): Readonly<Record<string, readonly unknown[]>> | undefined {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type) ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined) return undefined
  const values = new Map<string, unknown[]>()
  for (const part of partsOf(body, boundary)) {
    const end = part.indexOf("\r\n\r\n")
    if (end < 0) throw malformed("a part has no end of its headers")
    const headers = part.subarray(0, end).toString("utf8")
    const name = nameIn(headers)
    if (name === undefined || name === "") continue
    const content = part.subarray(end + 4)
    const value = /^content-type:.*application\/json/im.test(headers) ? parseJson(content) : content.toString("utf8")
    values.set(name, [...(values.get(name) ?? []), value])
  }
  return Object.fromEntries(values)
}

/** Each with its line breaks taken off, but for the one before its headers: a part may have none. */
function partsOf(body: Buffer, boundary: string): readonly Buffer[] {
  const delimiter = `\r\n--${boundary}`
  const text = Buffer.concat([Buffer.from("\r\n"), body])
  const parts: Buffer[] = []
  let start = text.indexOf(delimiter)
  while (start >= 0) {
    const begin = start + delimiter.length
    if (text.subarray(begin, begin + 2).toString("latin1") === "--") return parts
    const next = text.indexOf(delimiter, begin)
    const line = text.indexOf("\r\n", begin)
    if (next < 0 || line < 0 || text.subarray(begin, line).toString("latin1").trim() !== "") break
    parts.push(text.subarray(line, next))
    start = next
  }
  throw malformed("its last boundary is missing")
}

function nameIn(headers: string): string | undefined {
  const disposition = /^content-disposition:[ \t]*form-data(?=[ \t]*;)(.*)$/im.exec(headers)?.[1] ?? ""
  const [, quoted, plain] = /;[ \t]*name=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i.exec(disposition) ?? []
  return quoted?.replace(/\\(.)/g, "$1") ?? plain
}

function malformed(problem: string): PdpError {
  return new PdpError("ERR_INPUT_INVALID", `the body of the request is no multipart/form-data: ${problem}`)
}
