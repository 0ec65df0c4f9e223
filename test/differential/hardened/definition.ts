import { z } from "zod"
import type { World } from "../question.js"
import { endpointOf, type Endpoint, type Operation } from "./endpoint.js"
import { hardenReference } from "./reference.js"

/** Roles and endpoints, as the hardened profile understands a document. */
export interface Definition {
  /** What each role holds itself, and the roles that it includes. */
  readonly roles: ReadonlyMap<string, { readonly permissions: readonly string[]; readonly includes: readonly string[] }>
  readonly endpoints: readonly Endpoint[]
  readonly deniedPrefixes: readonly string[]
}

/** Reads a document in our own format or the reference's. */
export function definitionOf({ document }: World): Definition {
  const reference = ReferenceDocument.safeParse(document)
  const { roles, endpoints, denied_prefixes } = reference.success ? ownForm(reference.data.authz) : OwnDocument.parse(document)
  const read = Object.entries(endpoints).map(([template, operations]) => endpointOf(template, upperCased(operations)))
  const hardened = reference.success ? hardenReference(read) : read
  return { roles: new Map(Object.entries(roles)), endpoints: hardened.map(headFromGet), deniedPrefixes: denied_prefixes }
}

const texts = z.array(z.string()).default([])

const OperationSchema = z.strictObject({
  permissions: z.array(z.string()).optional(),
  scopes: texts,
  callers: z.array(z.enum(["principal", "service_principal"])).default(["principal", "service_principal"]),
  deny: z.boolean().default(false),
  public: z.boolean().default(false),
  admin: z.boolean().default(true),
  all_workspaces: z.boolean().default(true),
})

const roles = z.record(z.string(), z.strictObject({ permissions: texts, includes: texts }))
const endpoints = z.record(z.string(), z.record(z.string(), OperationSchema))

const OwnDocument = z.strictObject({ version: z.literal(1), roles, endpoints, denied_prefixes: texts })
const ReferenceDocument = z.strictObject({
  authz: z.strictObject({ roles, endpoints, config: z.strictObject({ denied_plugin_prefixes: texts }).prefault({}) }),
})

function ownForm({ config, ...authz }: z.infer<typeof ReferenceDocument>["authz"]): Omit<z.infer<typeof OwnDocument>, "version"> {
  return { ...authz, denied_prefixes: config.denied_plugin_prefixes }
}

function upperCased(operations: Readonly<Record<string, Operation>>): ReadonlyMap<string, Operation> {
  return new Map(Object.entries(operations).map(([method, operation]) => [method.toUpperCase(), operation]))
}

/** HEAD is filled from GET. */
function headFromGet(endpoint: Endpoint): Endpoint {
  const get = endpoint.operations.get("GET")
  if (!get || endpoint.operations.has("HEAD")) return endpoint
  return { ...endpoint, operations: new Map([...endpoint.operations, ["HEAD", get]]) }
}
