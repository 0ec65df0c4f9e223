import type { IncomingHttpHeaders } from "node:http"
import type { PdpError } from "../errors.js"
import { shown } from "./binding-row.js"
import { endingOf, formatByEnding, type BindingsFormat } from "./bindings-format.js"
import { placeOf, type HttpAnswer, type HttpTarget } from "../outgoing/index.js"
import { unavailable } from "../model/unavailable.js"

/** What is asked for, in `Accept`. */
export const acceptedTypes = "application/x-ndjson, application/jsonl, application/json;q=0.9"

/**
 * The format of the bindings that an answer brings: by its `Content-Type`; when that is missing or says nothing, by the URL's ending.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when it is no 200 with plain JSON or NDJSON in UTF-8 whose end can be told
 */
export function documentFormat(target: HttpTarget, { status, headers }: HttpAnswer): BindingsFormat {
  const { place } = target
  if (status !== 200) throw refusedStatus(target, status, headers)
  const coding = headers["content-encoding"] ?? "identity"
  if (coding.toLowerCase() !== "identity")
    throw unavailable(`${place} answers in the encoding ${shown(coding)}`, "serve it unencoded, as Accept-Encoding asks")
  const transfer = headers["transfer-encoding"]
  if (transfer !== undefined && transfer.toLowerCase() !== "chunked")
    throw unavailable(`${place} answers in the transfer encoding ${shown(transfer)}`, "use chunked")
  const format = formatOf(target, headers["content-type"] ?? "")
  if (format === "ndjson" && transfer === undefined && headers["content-length"] === undefined)
    throw unavailable(`${place} does not say how long its answer is, so lines could be missing`, "send a Content-Length, or use chunked transfer")
  return format
}

const formatByType: ReadonlyMap<string, BindingsFormat> = new Map<string, BindingsFormat>([
  ["application/json", "json"],
  ["text/json", "json"],
  ["application/x-ndjson", "ndjson"],
  ["application/ndjson", "ndjson"],
  ["application/jsonl", "ndjson"],
  ["application/x-jsonl", "ndjson"],
  ["application/jsonlines", "ndjson"],
  ["application/x-jsonlines", "ndjson"],
  ["application/json-lines", "ndjson"],
])

/** What servers send that do not know. */
const vagueTypes: ReadonlySet<string> = new Set(["", "text/plain", "application/octet-stream", "binary/octet-stream"])

function formatOf({ url, place }: HttpTarget, contentType: string): BindingsFormat {
  const [type = "", ...parameters] = contentType
    .toLowerCase()
    .split(";")
    .map((part) => part.trim())
  const charset = parameters
    .find((one) => one.startsWith("charset="))
    ?.slice("charset=".length)
    .replaceAll('"', "")
  if (charset !== undefined && !["utf-8", "utf8", "us-ascii"].includes(charset))
    throw unavailable(`${place} answers in the charset ${shown(charset)}`, "serve it in UTF-8")
  const format = formatByType.get(type) ?? (vagueTypes.has(type) ? formatByEnding.get(endingOf(url.pathname)) : undefined)
  if (format === "json" || format === "ndjson") return format
  throw unavailable(
    `${place} answers with the content type ${shown(contentType)}`,
    `serve application/json or application/x-ndjson${type === "text/html" ? "; a web page, perhaps a login, came instead" : ""}`,
  )
}

function refusedStatus({ url, place }: HttpTarget, status: number, { location }: IncomingHttpHeaders): PdpError {
  const remedy = () => {
    if (status === 304) return "it was not asked for that: a cache in between is at fault"
    if (status >= 300 && status < 400) return `redirects are not followed: name the place itself${redirectedTo(url, location)}`
    if (status === 401 || status === 403) return "check the credentials in its headers or its URL"
    if (status === 404 || status === 410) return "check the path"
    return status >= 500 || status === 429 ? "its own log may say why; it will be asked again" : "200 is due"
  }
  return unavailable(`${place} answers with the status ${status}`, remedy())
}

function redirectedTo(url: URL, location: string | undefined): string {
  if (location === undefined || !URL.canParse(location, url.href)) return ""
  return `, which may be ${placeOf(new URL(location, url.href)).slice(0, 200)}`
}
