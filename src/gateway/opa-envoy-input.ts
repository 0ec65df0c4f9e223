import type { CheckRequest } from "./envoy-check-request.js"
import { attributesJson, type JsonMembers } from "./opa-envoy-attributes.js"
import { parsedBody } from "./opa-envoy-body.js"
import { parsedTarget } from "./opa-envoy-target.js"

/**
 * What a policy is asked that was written for the OPA-Envoy plugin: the `CheckRequest` as JSON with `parsed_path`, `parsed_query`, `parsed_body`,
 * `truncated_body` and `version`.
 *
 * `attributes.request.http.headers` is there in either encoding of headers; of the raw one, their values are joined with commas.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID` for a target or a body that cannot be read
 * @see https://www.openpolicyagent.org/docs/envoy/primer
 */
export function opaEnvoyInput({ http, attributes }: CheckRequest): JsonMembers {
  const target = parsedTarget(http.path)
  const headers = joined(http.headers)
  const body = parsedBody(headers, http.body)
  return {
    attributes: withHeaders(attributesJson(attributes), headers),
    parsed_path: target.path,
    parsed_query: target.query,
    parsed_body: body.value,
    truncated_body: body.isTruncated,
    version: { ext_authz: "v3", encoding: "protojson" },
  }
}

function joined(headers: CheckRequest["http"]["headers"]): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of headers) {
    const before = values.get(name)
    values.set(name, before === undefined ? value : `${before},${value}`)
  }
  return values
}

function withHeaders(attributes: JsonMembers, headers: ReadonlyMap<string, string>): JsonMembers {
  const { request } = attributes
  if (!isMembers(request) || !isMembers(request["http"]) || headers.size === 0) return attributes
  return { ...attributes, request: { ...request, http: { ...request["http"], headers: Object.fromEntries(headers) } } }
}

function isMembers(value: unknown): value is JsonMembers {
  return typeof value === "object" && value !== null
}
