import { z } from "zod"

const texts = z.array(z.string())

const Role = z.object({ permissions: texts.default([]), includes: texts.default([]) })

const Operation = z.object({
  /** Absent is not the same as empty. */
  permissions: texts.optional(),
  scopes: texts.default([]),
  callers: texts.default([]),
  deny: z.boolean().default(false),
})

const roles = z.record(z.string(), Role).default({})
const endpoints = z.record(z.string(), z.record(z.string(), Operation)).default({})

const ReferenceDocument = z.object({
  authz: z.object({ roles, endpoints, config: z.object({ denied_plugin_prefixes: texts.default([]) }).prefault({}) }),
})

const OwnDocument = z.object({ version: z.literal(1), roles, endpoints, denied_prefixes: texts.default([]) })

/** One role of a document. */
export type NemoRole = z.output<typeof Role>

/** What a document says about one method of one endpoint. */
export type NemoOperation = z.output<typeof Operation>

/** Authorization data as the reference's rules read it. */
export interface NemoDocument {
  readonly roles: ReadonlyMap<string, NemoRole>
  /** Path template → lower-case method → operation. */
  readonly endpoints: ReadonlyMap<string, ReadonlyMap<string, NemoOperation>>
  readonly deniedPrefixes: readonly string[]
}

/** Reads a document of the reference system (everything under `authz`) or in our own format (`version: 1`). Bindings are not read. */
export function readNemoDocument(document: object): NemoDocument {
  if (!("authz" in document)) {
    const own = OwnDocument.parse(document)
    return { ...mapsOf(own), deniedPrefixes: own.denied_prefixes }
  }
  const { authz } = ReferenceDocument.parse(document)
  return { ...mapsOf(authz), deniedPrefixes: authz.config.denied_plugin_prefixes }
}

function mapsOf(read: z.output<typeof OwnDocument> | z.output<typeof ReferenceDocument>["authz"]): Pick<NemoDocument, "roles" | "endpoints"> {
  return {
    roles: new Map(Object.entries(read.roles)),
    endpoints: new Map(Object.entries(read.endpoints).map(([template, operations]) => [template, new Map(Object.entries(operations))])),
  }
}
