import { PdpError } from "../errors.js"
import { bytesIn, entriesIn, messageIn, messagesIn, readFields, textIn, type WireFields } from "./envoy-grpc-wire.js"

/** What Envoy asks `envoy.service.auth.v3.Authorization/Check`. */
export interface CheckRequest {
  readonly http: CheckedRequest
  /** All that it says, as `AttributeContext`. */
  readonly attributes: WireFields
}

/** The request that Envoy wants to let through. */
export interface CheckedRequest {
  /** Envoy's id of the request; may be empty. */
  readonly id: string
  readonly method: string
  /** The raw request target, with its query. */
  readonly path: string
  readonly host: string
  /**
   * Names and values. Envoy joins the values of a header that comes several times with commas, unless `encode_raw_headers` is on: then they come one
   * by one, their bytes as characters.
   */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** As text, or else as bytes (`pack_as_bytes`); empty unless Envoy sends bodies (`with_request_body`). */
  readonly body: Buffer
}

/**
 * Reads a `CheckRequest`.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID` when it is none, when it is not about an HTTP request, and when it lists headers in both ways there are
 * @see https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/auth/v3/attribute_context.proto
 */
export function readCheckRequest(bytes: Buffer): CheckRequest {
  const attributes = messageIn(readFields(bytes), 1)
  const request = attributes && messageIn(attributes, 4)
  const http = request && messageIn(request, 2)
  if (!http)
    throw new PdpError("ERR_INPUT_INVALID", "the CheckRequest holds no attributes.request.http; let Envoy's HTTP filter ask, not the network filter")
  return {
    attributes,
    http: {
      id: textIn(http, 1),
      method: textIn(http, 2),
      path: textIn(http, 4),
      host: textIn(http, 5),
      headers: headersOf(http),
      body: http.has(11) ? bytesIn(http, 11) : bytesIn(http, 12),
    },
  }
}

function headersOf(http: WireFields): CheckedRequest["headers"] {
  const merged = entriesIn(http, 3).map(([name, entry]) => [name, textIn(entry, 2)] as const)
  const listed = messageIn(http, 13)
  if (!listed) return merged
  if (merged.length > 0) throw new PdpError("ERR_INPUT_INVALID", "the CheckRequest lists headers both as 'headers' and as 'header_map'")
  return messagesIn(listed, 1).map((header) => [textIn(header, 1), header.has(3) ? bytesIn(header, 3).toString("latin1") : textIn(header, 2)])
}
