import { z } from "zod"
import { administrationRoutes } from "./administration-app.js"
import type { AdministrationRoute } from "./administration-route.js"

/** The OpenAPI paths of the administration and of who asks. @param isAdministered without a database only the latter are there */
export function administrationPaths(isAdministered: boolean): Readonly<Record<string, unknown>> {
  const paths = new Map<string, Record<string, unknown>>()
  for (const route of isAdministered ? administrationRoutes : [])
    paths.set(route.path, { ...paths.get(route.path), [route.method.toLowerCase()]: operationOf(route) })
  return { ...identityPaths, ...Object.fromEntries(paths) }
}

const text = { type: "string" }
const failures = {
  400: "malformed",
  401: "nobody, or credentials that are refused",
  403: "denied",
  404: "not found",
  409: "in conflict",
  503: "not now",
}
const errors = Object.fromEntries(
  Object.entries(failures).map(([status, description]) => [
    status,
    { description, content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } } },
  ]),
)

const identityPaths = {
  "/apis/auth/discovery": {
    get: { operationId: "discover", summary: "How to log in.", responses: { 200: answer("Open to everybody.", discovered()) } },
  },
  "/apis/auth/authenticate": {
    get: {
      operationId: "authenticate",
      summary: "Who the caller is.",
      responses: { 200: answer("The caller.", { type: "object" }), 401: errors[401], 503: errors[503] },
    },
  },
}

function operationOf({
  operationId,
  summary,
  kind,
  givesRoles = false,
  method,
  path,
  status,
  filter,
  body,
  answer: schema,
}: AdministrationRoute): unknown {
  const parameters = [
    ...pathParameters(path),
    ...queryParameters(kind, filter),
    ...(givesRoles ? [waitFleet] : []),
    atLeast,
    ...(method === "POST" ? [idempotencyKey] : []),
  ]
  const written = kind === "write" ? { 202: answer("Written, and not decided on in time.", schemaOf(schema, "output")) } : {}
  return {
    operationId,
    summary,
    parameters,
    ...(body && { requestBody: { required: true, content: { "application/json": { schema: schemaOf(body, "input") } } } }),
    responses: { [status]: answer(summary, schemaOf(schema, "output")), ...written, ...errors },
  }
}

const atLeast = parameter("X-Portcullis-At-Least", "header", text, "Wait until decisions reflect this revision.")
const waitFleet = parameter(
  "wait",
  "query",
  { const: "fleet" },
  "Answer when every OPA that is known decides on the write, too: `propagated`, and `fleet` with `waited_for` and `missing`.",
)
const idempotencyKey = parameter("Idempotency-Key", "header", text, "The same key and body again, within 24 hours, gets the first answer.")

function pathParameters(path: string): readonly unknown[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ ...parameter(name ?? "", "path", text, ""), required: true }))
}

function queryParameters(kind: AdministrationRoute["kind"], filter: z.ZodType | undefined): readonly unknown[] {
  if (kind === "write")
    return [parameter("wait_role_propagation", "query", { type: "boolean", default: true }, "Answer when this process decides on the write.")]
  if (!filter) return []
  return [
    parameter("page", "query", { type: "integer", minimum: 1, default: 1 }, "From 1."),
    parameter("page_size", "query", { type: "integer", minimum: 1, maximum: 1_000 }, "Items on a page."),
    parameter("sort", "query", text, "The name of a field; with `-` before it, descending."),
    { ...parameter("filter", "query", schemaOf(filter, "input"), "In brackets, or as JSON."), style: "deepObject", explode: true },
  ]
}

function parameter(name: string, place: "header" | "path" | "query", schema: unknown, description: string): Readonly<Record<string, unknown>> {
  return { name, in: place, required: false, schema, ...(description && { description }) }
}

function answer(description: string, schema: unknown): unknown {
  const headers = { "X-Portcullis-Revision": { schema: text, description: "The state that the answer rests on." } }
  return { description, headers, content: { "application/json": { schema } } }
}

function discovered(): unknown {
  const names = ["issuer", "authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "userinfo_endpoint"]
  const others = ["client_id", "default_scopes", "scope_prefix"]
  const properties = Object.fromEntries([...names, ...others].map((name) => [name, text]))
  const oidc = { type: ["object", "null"], properties, required: ["issuer", "client_id", "default_scopes"] }
  return { type: "object", properties: { auth_enabled: { type: "boolean" }, oidc }, required: ["auth_enabled", "oidc"] }
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io })
  return rest
}
