import { messageOf, PdpError } from "../errors.js"
import { scanJson } from "../model/json-scanner.js"
import { parsedMultipart } from "./opa-envoy-multipart.js"
import { parsedForm } from "./opa-envoy-target.js"

/** The body of a request, read by its `Content-Type`. */
export interface ParsedBody {
  /** Null when there is none, when it is truncated, and when it is of no type that is read. */
  readonly value: unknown
  /** Envoy sent less of it than the client did (`max_request_bytes`). */
  readonly isTruncated: boolean
}

/**
 * Reads a body as the OPA-Envoy plugin does: JSON, forms, and forms in parts. gRPC is not read: that needs the descriptors of its services.
 *
 * @param headers by name, in lower case
 * @throws {PdpError} `ERR_INPUT_INVALID` for a body that is not what its `Content-Type` says, and for JSON that readers disagree about
 */
export function parsedBody(headers: ReadonlyMap<string, string>, body: Buffer): ParsedBody {
  const type = headers.get("content-type") ?? ""
  const read = readers.find(({ name }) => type.includes(name))?.read
  if (!read || body.length === 0) return { value: null, isTruncated: false }
  if (isTruncated(headers.get("content-length"), body.length)) return { value: null, isTruncated: true }
  return { value: read(body, type) ?? null, isTruncated: false }
}

const readers: readonly { readonly name: string; readonly read: (body: Buffer, type: string) => unknown }[] = [
  { name: "application/json", read: parsedJson },
  { name: "application/x-www-form-urlencoded", read: (body) => parsedForm(body.toString("utf8")) },
  { name: "multipart/form-data", read: (body, type) => parsedMultipart(body, type, parsedJson) },
]

function isTruncated(contentLength: string | undefined, received: number): boolean {
  if (contentLength === undefined || contentLength === "-1") return false
  if (!/^\+?[0-9]{1,18}$/.test(contentLength)) throw new PdpError("ERR_INPUT_INVALID", "the Content-Length of the request is no number")
  return Number(contentLength) > received
}

const limits = { depth: 64, keys: 10_000, values: 131_072 }

function parsedJson(bytes: Buffer): unknown {
  const found = scanJson(bytes, limits)
  if (found) throw new PdpError("ERR_INPUT_INVALID", `the body of the request holds ${found.problem}, at byte ${found.offset}`)
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"))
    return value
  } catch (cause) {
    throw new PdpError("ERR_INPUT_INVALID", `the body of the request is no JSON: ${messageOf(cause)}`, { cause })
  }
}
