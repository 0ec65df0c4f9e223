import { z } from "zod"
import type { EntrypointName } from "../opa/index.js"
import type { ServerLimits } from "./limits.js"
import { oversize } from "./oversize.js"
import { refusal, type Refusal } from "../model/refusal.js"

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
const maxRequests = 1_000

/** The same for OPA's data API, where what is absent is left to the policy, as in OPA. */
export const anyInput = z.looseObject({
  ...who,
  ...request,
  requests: z.array(anyRequest).max(maxRequests).optional().describe("`allow_many`: inputs of `allow`; the answer is a list of booleans, in order."),
  workspace: text.optional(),
  permissions: texts.optional(),
  role: text.optional(),
  effective: z.boolean().optional(),
})

/**
 * Checks the size of a policy input, how many principals it names, and then its types: sizes first, so that nothing is done many times.
 *
 * @returns 400 `input_invalid` that names what is too much, or the wrong members; 400 `too_many_groups`; `undefined` when all is well
 */
export function checkInput(schema: z.ZodType, input: unknown, limits: ServerLimits): Refusal | undefined {
  if (schema !== anyInput || !isBatch(input)) return checkQuestion(schema, input, "input", limits)
  const { requests } = input
  if (requests.length > maxRequests) return refusal(400, "input_invalid", `input.requests has ${requests.length} items; send at most ${maxRequests}`)
  const outer = checkQuestion(schema, { ...input, requests: [] }, "input", limits)
  if (outer) return outer
  for (const [at, request] of requests.entries()) {
    const wrong = checkQuestion(anyRequest, request, `input.requests.${at}`, limits)
    if (wrong) return wrong
  }
  return undefined
}

const shownIssues = 5

function isBatch(input: unknown): input is { readonly requests: readonly unknown[] } {
  return typeof input === "object" && input !== null && "requests" in input && Array.isArray(input.requests)
}

function checkQuestion(schema: z.ZodType, question: unknown, place: string, limits: ServerLimits): Refusal | undefined {
  const tooMuch = oversize(question, place, limits)
  if (tooMuch) return tooMuch
  const checked = schema.safeParse(question)
  return checked.success ? undefined : refusal(400, "input_invalid", issuesText(checked.error, place))
}

function issuesText(error: z.ZodError, place: string): string {
  const shown = error.issues.slice(0, shownIssues).map((issue) => `${[place, ...issue.path].join(".").slice(0, 128)}: ${issue.message}`)
  const more = error.issues.length - shown.length
  return more > 0 ? `${shown.join("; ")}; and ${more} more` : shown.join("; ")
}
