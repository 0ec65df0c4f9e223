import { z } from "zod"
import type { EntrypointName } from "../opa/index.js"
import { refusal, type Refusal } from "./refusal.js"

const text = z.string()
const texts = z.array(text)
const headers = z.record(text, text).describe("As Envoy writes them, in lower case or capitalised. Direct members win.")
const http = z.looseObject({ method: text.optional(), path: text.optional(), headers: headers.optional() })

const who = {
  principal_id: text.nullish().describe("`service:<id>`, or a person's id. Absent or empty: anonymous."),
  principal_email: text.nullish(),
  principal_groups: texts.nullish().describe("Bare group names."),
  on_behalf_of_principal_id: text.nullish().describe("The person for whom a service asks."),
  on_behalf_of_principal_email: text.nullish(),
  on_behalf_of_principal_groups: texts.nullish(),
  scopes: texts.nullish().describe("Absent: not restricted."),
  attributes: z
    .looseObject({ request: z.looseObject({ http: http.optional() }).optional() })
    .optional()
    .describe("The request in Envoy's shape."),
}
const whoSchema = z.looseObject(who)
type Who = z.infer<typeof whoSchema>
const request = { method: text.optional(), path: text.optional().describe("Raw request target, as it came over the wire.") }
const workspace = text.refine((name) => name !== "" && name !== "-" && name !== "*" && !name.includes("/"), "must name one workspace, or be `system`")
const permission = text.refine((id) => /^(?:[^/]+\/)?[^/]+$/.test(id), "must be a permission, or `<workspace>/<permission>`")

/** What each entrypoint of the PDP API takes as `input`. Further members are ignored. */
export const inputSchemas = {
  allow: z.looseObject({ ...who, ...request }),
  explain: z.looseObject({ ...who, ...request }),
  has_permissions: z.looseObject({ ...who, workspace, permissions: z.array(permission).min(1) }),
  has_role: z.looseObject({ ...who, workspace, role: text.min(1), effective: z.boolean().optional() }),
} as const satisfies Record<EntrypointName, z.ZodType>

const anyRequest = z.looseObject({ ...who, ...request })
/** Requests that one `allow_many` may hold. */
const mostRequests = 1_000

/** The same for OPA's data API, where what is absent is left to the policy, as in OPA. */
export const anyInput = z.looseObject({
  ...who,
  ...request,
  requests: z.array(anyRequest).max(mostRequests).optional().describe("`allow_many`: inputs of `allow`; the answer is a list of booleans, in order."),
  workspace: text.optional(),
  permissions: texts.optional(),
  role: text.optional(),
  effective: z.boolean().optional(),
})

/**
 * Checks the types of a policy input, and how many principals it names.
 *
 * @returns 400 `input_invalid` that names the wrong members, 400 `too_many_groups`, or `undefined` when all is well
 */
export function checkInput(schema: InputSchema, input: unknown, caps: PrincipalCaps): Refusal | undefined {
  const checked = schema.safeParse(input)
  if (!checked.success) return refusal(400, "input_invalid", issuesText(checked.error))
  for (const one of [checked.data, ...(checked.data.requests ?? [])]) {
    const tooMany = checkGroups(one, caps)
    if (tooMany) return tooMany
  }
  return undefined
}

function checkGroups(data: Who, caps: PrincipalCaps): Refusal | undefined {
  const headers = data.attributes?.request?.http?.headers
  const caller = data.principal_groups?.length ?? listLength(headers, "x-nmp-principal-groups", "X-NMP-Principal-Groups")
  const delegate =
    data.on_behalf_of_principal_groups?.length ?? listLength(headers, "x-nmp-principal-on-behalf-of-groups", "X-NMP-Principal-On-Behalf-Of-Groups")
  if (caller <= caps.groups && delegate <= caps.groups && caller + delegate + idsAndEmails <= caps.principals) return undefined
  const sent = `${caller} groups of the caller and ${delegate} of the delegate`
  return refusal(
    400,
    "too_many_groups",
    `${sent}; send at most ${caps.groups} of each, ${caps.principals} principals in all: those that hold role bindings`,
  )
}

/** A schema of {@link inputSchemas}, or {@link anyInput}. */
export type InputSchema = z.ZodType<Who & { readonly requests?: readonly Who[] | undefined }>

/** How many principals one question may name. */
export interface PrincipalCaps {
  readonly principals: number
  readonly groups: number
}

const idsAndEmails = 4
const shownIssues = 5

function issuesText(error: z.ZodError): string {
  const shown = error.issues.slice(0, shownIssues).map((issue) => `${["input", ...issue.path].join(".").slice(0, 128)}: ${issue.message}`)
  const more = error.issues.length - shown.length
  return more > 0 ? `${shown.join("; ")}; and ${more} more` : shown.join("; ")
}

function listLength(headers: Readonly<Record<string, string>> | undefined, lowerCase: string, capitalised: string): number {
  const list = headers?.[lowerCase] ?? headers?.[capitalised]
  return list ? list.split(",").length : 0
}
