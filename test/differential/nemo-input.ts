import { z } from "zod"

const text = z.string()
const texts = z.array(text)

const Http = z.object({ method: text.optional(), path: text.optional(), headers: z.record(text, text).optional() })

/** Null counts as absent in these, and nowhere else. */
const Identity = z.object({
  principal_id: text.nullish(),
  principal_email: text.nullish(),
  principal_groups: texts.nullish(),
  on_behalf_of_principal_id: text.nullish(),
  on_behalf_of_principal_email: text.nullish(),
  on_behalf_of_principal_groups: texts.nullish(),
  attributes: z.object({ request: z.object({ http: Http.optional() }).optional() }).optional(),
})

const Request = Identity.extend({ method: text.optional(), path: text.optional(), scopes: texts.nullish() })

const PermissionsQuestion = Identity.extend({ workspace: text, permissions: texts })

const RoleQuestion = Identity.extend({ workspace: text, role: text, effective: z.boolean().optional() })

/** Who asks. */
export interface NemoCaller {
  /** Absent: nobody, whatever else is sent. May be empty. */
  readonly id?: string
  /** Id, e-mail and groups that are not empty: one namespace. The delegate plays no part. */
  readonly principals: readonly string[]
}

/** An `allow` input, direct or as Envoy sends it. */
export interface NemoRequest {
  readonly caller: NemoCaller
  readonly method?: string
  /** With its query. */
  readonly path?: string
  readonly scopes: readonly string[]
}

/** Reads the input of `allow`; undefined when a value has a wrong JSON type. */
export function readRequest(input: unknown): NemoRequest | undefined {
  const { data } = Request.safeParse(input)
  if (!data) return undefined
  const http = data.attributes?.request?.http
  const method = data.method ?? http?.method
  const path = data.path ?? http?.path
  return {
    caller: callerOf(data),
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path }),
    scopes: data.scopes ?? header(data, "x-nmp-scopes", "X-NMP-Scopes")?.split(" ") ?? [],
  }
}

/** Reads the input of `has_permissions`; undefined when a value is missing or has a wrong JSON type. */
export function readPermissionsQuestion(input: unknown) {
  const { data } = PermissionsQuestion.safeParse(input)
  return data && { caller: callerOf(data), workspace: data.workspace, permissions: data.permissions }
}

/** Reads the input of `has_role`; undefined when a value is missing or has a wrong JSON type. */
export function readRoleQuestion(input: unknown) {
  const { data } = RoleQuestion.safeParse(input)
  return data && { caller: callerOf(data), workspace: data.workspace, role: data.role, effective: data.effective ?? false }
}

type Claims = z.output<typeof Identity>

function callerOf(claims: Claims): NemoCaller {
  const id = claims.principal_id ?? header(claims, "x-nmp-principal-id", "X-NMP-Principal-Id")
  if (id === undefined) return { principals: [] }
  const email = claims.principal_email ?? header(claims, "x-nmp-principal-email", "X-NMP-Principal-Email") ?? ""
  const groups = claims.principal_groups ?? header(claims, "x-nmp-principal-groups", "X-NMP-Principal-Groups")?.split(",") ?? []
  return { id, principals: [id, email, ...groups].filter((principal) => principal !== "") }
}

/** These two spellings are all that is looked for; the first one wins. */
function header(claims: Claims, lowerCase: string, capitalised: string): string | undefined {
  const headers = claims.attributes?.request?.http?.headers ?? {}
  return headers[lowerCase] ?? headers[capitalised]
}
