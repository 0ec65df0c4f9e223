import { z } from "zod"
import { defaultHeaderPrefix } from "../authn/index.js"
import { envoyPrefix, gatewayPaths, identityAnswerNames } from "../gateway/index.js"
import { administrationPaths } from "./administration-openapi.js"
import { bundleRoutes } from "./bundle-request.js"
import { dataPrefix } from "./data-route.js"
import { anyInput, inputSchemas } from "./inputs.js"
import { pdpPrefix } from "./pdp-route.js"

/** The OpenAPI 3.1 document of every route, made from the schemas that check requests. @param isAdministered there is a database to write to */
export function openApi(version: string, isAdministered: boolean): Readonly<Record<string, unknown>> {
  return {
    openapi: "3.1.0",
    info: {
      title: "Portcullis",
      version,
      description: "Policy decision point: PDP API, OPA's data API, bundles, health.",
      license: { name: "Apache-2.0" },
    },
    paths: { ...pdpPaths(), ...dataPaths(), ...gatewayOperations(), ...bundlePaths(), ...statusPaths(), ...administrationPaths(isAdministered) },
    components: { schemas: { Error: schemaOf(ErrorBody), OpaError: schemaOf(OpaErrorBody) } },
  }
}

const Allowed = z.looseObject({ allowed: z.boolean() })
const results = {
  allow: Allowed.extend({ headers: z.object({ "X-NMP-Authorized": z.enum(["true", "false"]) }).optional() }),
  has_permissions: Allowed,
  has_role: z.looseObject({ has_role: z.boolean() }),
  explain: Allowed.extend({ reasons: z.array(z.string()), rule: z.string().optional() }),
} as const
const ErrorBody = z.looseObject({
  detail: z
    .union([z.string(), z.looseObject({ error: z.string(), valid_entrypoints: z.array(z.string()) })])
    .describe("What was wrong and what to do."),
  code: z.string().describe("Stable; programs switch on it."),
})
const OpaErrorBody = z.looseObject({ code: z.string(), message: z.string() })
const DataAnswer = z.looseObject({
  result: z.unknown().optional().describe("Absent: undefined."),
  warning: z.looseObject({ code: z.string(), message: z.string() }).optional(),
})
const AtLeast = {
  name: "X-Portcullis-At-Least",
  in: "header",
  required: false,
  schema: { type: "string" },
  description: "Wait until decisions reflect this revision.",
}
const Revision = { "X-Portcullis-Revision": { schema: { type: "string" }, description: "The state that the answer rests on." } }
const failures = {
  400: "malformed",
  403: "not a trusted peer",
  409: "a revision of another epoch",
  413: "too large",
  421: "Host not ours",
  503: "not now",
}

function pdpPaths(): Record<string, unknown> {
  const names = ["allow", "has_permissions", "has_role", "explain"] as const
  return Object.fromEntries(
    names.map((name) => {
      const requestBody = { required: true, content: jsonContent(schemaOf(z.looseObject({ input: inputSchemas[name] }))) }
      const answer = success("The decision; a deny is 200, too.", schemaOf(z.object({ result: results[name] })))
      const responses = { 200: answer, ...errors("Error"), ...error(401, "nemo profile: no X-NMP-Principal-Id", "Error") }
      return [pdpPrefix + name, { post: { operationId: name, parameters: [AtLeast], requestBody, responses } }]
    }),
  )
}

function dataPaths(): Record<string, unknown> {
  const text = { type: "string" }
  const description = "An entrypoint, such as `authz/allow`, or a place in its result, such as `authz/allow/allowed`."
  const path = { name: "path", in: "path", required: true, schema: text, description }
  const flags = ["pretty", "metrics", "provenance", "instrument", "strict-builtin-errors"].map((name) => ({
    name,
    in: "query",
    required: false,
    schema: { type: "boolean" },
  }))
  const parameters = [path, ...flags, AtLeast]
  const responses = { 200: success("As OPA answers.", schemaOf(DataAnswer)), ...errors("OpaError") }
  const bare = { 200: success("The bare value.", {}), ...errors("OpaError"), ...error(404, "undefined", "OpaError") }
  const query = { name: "input", in: "query", required: false, schema: text, description: "JSON." }
  const requestBody = { content: jsonContent(schemaOf(z.looseObject({ input: anyInput.optional() }))) }
  const anyBody = { content: jsonContent({}) }
  const written = { 204: { description: "Written; it decides.", headers: Revision }, 304: { description: "There already." }, ...errors("OpaError") }
  const write = (operationId: string, content?: unknown): unknown => ({
    operationId,
    parameters: [path],
    ...(content !== undefined && { requestBody: { required: true, content } }),
    responses: { ...written, ...error(404, "not there, or in conflict", "OpaError") },
  })
  return {
    [`${dataPrefix}/{path}`]: {
      post: { operationId: "postData", parameters, requestBody, responses },
      get: { operationId: "getData", parameters: [...parameters, query], responses },
      put: write("putData", jsonContent({})),
      patch: write("patchData", jsonContent(schemaOf(z.array(DataOperation)))),
      delete: write("deleteData"),
    },
    "/v0/data/{path}": { post: { operationId: "postBareData", parameters, requestBody: anyBody, responses: bare } },
    "/": { post: { operationId: "defaultDecision", parameters: [...flags, AtLeast], requestBody: anyBody, responses: bare } },
    "/v1/batch/data/{path}": {
      post: {
        operationId: "batchData",
        parameters,
        requestBody: { required: true, content: jsonContent(schemaOf(Batch)) },
        responses: { ...responses, 200: success("All worked.", schemaOf(BatchAnswer)), 207: success("Some did.", schemaOf(BatchAnswer)) },
      },
    },
    ...Object.fromEntries(
      ["/v1/policies", "/v1/config", "/v1/status"].map((route) => [
        route,
        { get: { responses: { 200: success("As OPA answers.", schemaOf(DataAnswer)), ...errors("OpaError") } } },
      ]),
    ),
  }
}

const DataOperation = z.object({ op: z.enum(["add", "remove", "replace"]), path: z.string(), value: z.unknown().optional() })
const Batch = z.looseObject({ inputs: z.record(z.string(), z.unknown()), common_input: z.unknown().optional() })
const BatchAnswer = z.looseObject({ responses: z.record(z.string(), DataAnswer) })

function gatewayOperations(): Record<string, unknown> {
  const text = { type: "string" }
  const header = (name: string, description: string): unknown => ({ name, in: "header", required: true, schema: text, description })
  const identity = Object.fromEntries(identityAnswerNames(defaultHeaderPrefix).map((name) => [name, { schema: text }]))
  const answered = (status: number) => ({
    [status]: { description: "It passes. Identity headers go on with it, the empty ones, too.", headers: identity },
    ...error(401, "no credentials, or such as are refused, and somebody must ask", "Error"),
    ...error(403, "denied, or not decided on: see `code`", "Error"),
  })
  const fault = { ...error(500, "a fault of ours", "Error"), ...error(503, failures[503], "Error") }
  const told = [...gatewayPaths].map(([path, name]) => {
    const [uri, method] = name === "nginx" ? ["X-Original-URI", "X-Original-Method"] : ["X-Forwarded-Uri", "X-Forwarded-Method"]
    const parameters = [header(uri, "The raw request target of the client."), header(method, "The method of the client.")]
    return [path, { get: { parameters, responses: name === "nginx" ? answered(204) : { ...answered(200), ...fault } } }] as const
  })
  const path = {
    name: "path",
    in: "path",
    required: true,
    schema: text,
    description: "The raw request target of the client, behind its first slash.",
  }
  const responses = { ...answered(200), ...fault }
  const envoy = Object.fromEntries(
    ["get", "post", "put", "patch", "delete", "head", "options"].map((method) => [method, { parameters: [path], responses }]),
  )
  return { ...Object.fromEntries(told), [`${envoyPrefix}/{path}`]: envoy }
}

function bundlePaths(): Record<string, unknown> {
  const content = { "application/gzip": { schema: { type: "string", contentEncoding: "binary" } } }
  const answer = { description: "An OPA bundle.", headers: { ...Revision, ETag: { schema: { type: "string" } } }, content }
  const responses = {
    200: answer,
    304: { description: "The caller has it." },
    ...error(401, "nobody, or credentials that are refused", "Error"),
    ...error(403, "without the permission iam.bundle.read", "Error"),
    ...error(503, failures[503], "Error"),
  }
  const prefer = {
    name: "Prefer",
    in: "header",
    required: false,
    schema: { type: "string" },
    description: "`wait=N`: with `If-None-Match`, wait so many seconds for news. `modes=snapshot,delta`: delta bundles are welcome.",
  }
  const name = { name: "name", in: "path", required: true, schema: { type: "string" }, description: "`authz.tar.gz`, `authz-roles.tar.gz`, …" }
  return Object.fromEntries(
    bundleRoutes.map((path) => [path, { get: { parameters: [...(path.includes("{name}") ? [name] : []), prefer, AtLeast], responses } }]),
  )
}

function statusPaths(): Record<string, unknown> {
  const plain = (description: string, status = 200) => ({ [status]: { description, content: jsonContent({ type: "object" }) } })
  const untrusted = error(403, "beyond loopback not a trusted peer; on loopback passed on by a proxy", "Error")
  return {
    "/health": { get: { responses: { ...plain("As OPA: evaluation works."), ...plain("It does not.", 500) } } },
    "/health/live": { get: { responses: plain("The process runs.") } },
    "/health/ready": { get: { responses: { ...plain("Decisions can be made."), ...plain("Not yet, or no more.", 503) } } },
    "/status": {
      get: { responses: { ...plain("How the PDP is."), ...untrusted } },
      post: {
        requestBody: { required: true, content: jsonContent({ type: "object" }) },
        responses: {
          ...plain("An OPA's status is taken note of."),
          ...error(400, failures[400], "Error"),
          ...error(401, "nobody, or credentials that are refused", "Error"),
          ...error(403, "neither a trusted peer, nor a bundle token for it, nor the permission iam.bundle.read", "Error"),
        },
      },
    },
    "/fleet": {
      get: {
        responses: {
          ...plain("The OPAs that take bundles from this process, and the processes on its database: revision, lag, last error."),
          ...error(401, "nobody, or credentials that are refused", "Error"),
          ...error(403, "without the permission iam.bundle.read", "Error"),
        },
      },
    },
    "/metrics": {
      get: { responses: { 200: { description: "Prometheus.", content: { "text/plain": { schema: { type: "string" } } } }, ...untrusted } },
    },
    "/openapi.json": { get: { responses: plain("This document.") } },
  }
}

function success(description: string, schema: unknown): unknown {
  return { description, headers: Revision, content: jsonContent(schema) }
}

function errors(schema: "Error" | "OpaError"): Record<string, unknown> {
  return Object.assign({}, ...Object.entries(failures).map(([status, description]) => error(status, description, schema)))
}

function error(status: string | number, description: string, schema: "Error" | "OpaError"): Record<string, unknown> {
  return { [status]: { description, content: jsonContent({ $ref: `#/components/schemas/${schema}` }) } }
}

function jsonContent(schema: unknown): unknown {
  return { "application/json": { schema } }
}

function schemaOf(schema: z.ZodType): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input" })
  return rest
}
