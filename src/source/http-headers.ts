import { validateHeaderName, validateHeaderValue } from "node:http"
import { messageOf, PdpError } from "../errors.js"
import { unavailable } from "../model/unavailable.js"

/** Names and values of header fields. */
export type HttpHeaders = Readonly<Record<string, string>>

/** Headers, or a function that is asked before each request, so that secrets can change. */
export type HttpHeadersOption = HttpHeaders | (() => HttpHeaders | Promise<HttpHeaders>)

/** @throws {PdpError} `ERR_CONFIG_INVALID` naming the header, never its value */
export function assertHeaders(headers: HttpHeaders): void {
  for (const [name, value] of Object.entries(headers)) {
    if (ours.test(name)) throw invalid(name, "is set by the source itself; leave it out")
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch {
      throw invalid(name, "is not a header; write letters, digits and '-' for its name, and one line of text for its value")
    }
  }
}

/** The headers of the moment. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
export async function currentHeaders(place: string, headers: HttpHeadersOption): Promise<HttpHeaders> {
  if (typeof headers !== "function") return headers
  try {
    const current = await headers()
    assertHeaders(current)
    return current
  } catch (thrown) {
    // The text of a foreign error may quote the secret that it could not parse.
    const why = thrown instanceof PdpError ? messageOf(thrown) : "the function 'headers' failed"
    throw unavailable(`${place} was not asked: ${why}`, "correct what the headers are read from")
  }
}

const ours = /^(?:accept|accept-encoding|connection|content-.*|expect|host|if-.*|keep-alive|range|te|trailer|transfer-encoding|upgrade)$/i

function invalid(name: string, what: string): PdpError {
  return new PdpError("ERR_CONFIG_INVALID", `the header ${JSON.stringify(name)} ${what}`)
}
