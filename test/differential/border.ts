import { z } from "zod"
import type { Question } from "./question.js"

/** Whether OPA's data API takes an input: only types matter there. */
export function isTypedSoundly({ entrypoint, input }: Question): boolean {
  return soundTypes[entrypoint].safeParse(input).success
}

/** Whether the PDP API takes an input: types, and all that the entrypoint needs (decision 12). */
export function isCompleteQuestion({ entrypoint, input }: Question): boolean {
  return completeQuestions[entrypoint].safeParse(input).success
}

const text = z.string()
const texts = z.array(text)
const http = z.looseObject({ method: text.optional(), path: text.optional(), headers: z.record(text, text).optional() })

const Claims = z.looseObject({
  principal_id: text.nullish(),
  principal_email: text.nullish(),
  principal_groups: texts.nullish(),
  on_behalf_of_principal_id: text.nullish(),
  on_behalf_of_principal_email: text.nullish(),
  on_behalf_of_principal_groups: texts.nullish(),
  scopes: texts.nullish(),
  attributes: z.looseObject({ request: z.looseObject({ http: http.optional() }).optional() }).optional(),
})

const Allow = Claims.extend({ method: text.optional(), path: text.optional() })

const soundTypes = {
  allow: Allow,
  has_permissions: Claims.extend({ workspace: text.optional(), permissions: texts.optional() }),
  has_role: Claims.extend({ workspace: text.optional(), role: text.optional(), effective: z.boolean().optional() }),
}

const workspace = text.regex(/^(?![-*]$)[^/]+$/s)

const completeQuestions = {
  allow: Allow,
  has_permissions: Claims.extend({ workspace, permissions: z.array(text.regex(/^(?:[^/]+\/)?[^/]+$/)).min(1) }),
  has_role: Claims.extend({ workspace, role: text.min(1), effective: z.boolean().optional() }),
}
