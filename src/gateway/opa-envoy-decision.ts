import { z } from "zod"
import { PdpError } from "../errors.js"
import type { CheckResponse, HeaderEdit } from "./envoy-check-response.js"

/**
 * What Envoy is answered for the result of a policy that was written for the OPA-Envoy plugin: a boolean, or an object with `allowed` and, all of them
 * optional, `headers`, `body`, `http_status`, `request_headers_to_remove`, `response_headers_to_add`, `query_parameters_to_remove`,
 * `query_parameters_to_set`, `dynamic_metadata`.
 *
 * The first value of a header takes the place of those that are there, further ones come beside it; headers for the client come beside those of the upstream.
 *
 * @throws {PdpError} `ERR_EVALUATION` with the reason `decision_invalid` for any other result, undefined included
 * @see https://www.openpolicyagent.org/docs/envoy/primer#example-policy-with-object-response
 */
export function opaEnvoyDecision(result: unknown): CheckResponse {
  if (typeof result === "boolean") return result ? { allowed: true } : { allowed: false, status: forbidden }
  const parsed = DecisionObject.safeParse(result)
  if (!parsed.success) throw invalidDecision(parsed.error.issues)
  const { allowed, headers, dynamic_metadata: metadata, ...rest } = parsed.data
  const edits = editsOf(headers, "overwrite")
  if (!allowed) return { allowed, status: rest.http_status, headers: edits, body: rest.body, metadata }
  return {
    allowed,
    headers: edits,
    headersToRemove: rest.request_headers_to_remove,
    responseHeaders: editsOf(rest.response_headers_to_add, "append"),
    queryParametersToSet: Object.entries(rest.query_parameters_to_set).flatMap(([name, values]) =>
      textsOf(values).map((value) => [name, value] as const),
    ),
    queryParametersToRemove: rest.query_parameters_to_remove,
    metadata,
  }
}

const forbidden = 403
const nameOrValue = z.string()
const name = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "is no name of a header")
const value = z.string().regex(/^[^\0\r\n]*$/, "holds a line break")
const HeaderValues = z.record(name, z.union([value, z.array(value)]))
const Headers = z.union([HeaderValues, z.array(HeaderValues)]).default({})

const DecisionObject = z.object({
  allowed: z.boolean(),
  headers: Headers,
  body: z.string().default(""),
  http_status: z.int().min(200).max(599).default(forbidden),
  request_headers_to_remove: z.array(name).default([]),
  response_headers_to_add: Headers,
  query_parameters_to_remove: z.array(nameOrValue).default([]),
  query_parameters_to_set: z.record(z.string(), z.union([nameOrValue, z.array(nameOrValue)])).default({}),
  dynamic_metadata: z.record(z.string(), z.unknown()).default({}),
})

function editsOf(headers: z.infer<typeof Headers>, first: HeaderEdit["action"]): readonly HeaderEdit[] {
  const seen = new Set<string>()
  const pairs = (Array.isArray(headers) ? headers : [headers]).flatMap((one) =>
    Object.entries(one).flatMap(([header, values]) => textsOf(values).map((text) => [header.toLowerCase(), text] as const)),
  )
  return pairs.map(([header, text]) => {
    const action = seen.has(header) ? "append" : first
    seen.add(header)
    return { name: header, value: text, action }
  })
}

function textsOf(values: string | readonly string[]): readonly string[] {
  return typeof values === "string" ? [values] : values
}

function invalidDecision(issues: readonly z.core.$ZodIssue[]): PdpError {
  const [issue] = issues
  const place = issue?.path.join(".") ?? ""
  return new PdpError(
    "ERR_EVALUATION",
    `the policy answered no decision: ${place === "" ? "" : `${place} `}${issue?.message ?? ""}; let it answer a boolean, or an object with 'allowed'`,
    { reason: "decision_invalid" },
  )
}
