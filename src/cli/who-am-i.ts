import { z } from "zod"
import { messageOf } from "../errors.js"
import { parsedJson } from "../model/parsed-json.js"
import { printable } from "../model/printable.js"
import { answerText, tlsProblem } from "../outgoing/index.js"

/** Whom a sidecar takes somebody for. */
export const Caller = z.looseObject({
  principal: z.string(),
  email: z.string().nullish(),
  groups: z.array(z.string()).default([]),
  /** Null: not restricted. */
  scopes: z.array(z.string()).nullish(),
  proof: z.string().optional(),
})
export type Caller = Readonly<z.infer<typeof Caller>>

/** What a sidecar says of credentials. */
export type Recognition =
  | { readonly kind: "accepted"; readonly caller: Caller }
  /** It will not accept them. */
  | ({ readonly kind: "refused" } & Refused)
  /** It could not be asked, or cannot tell now. */
  | { readonly kind: "unknown"; readonly why: string }

/** Asks a sidecar who it is that sends these headers. */
export async function whoAmI(url: string, headers: Readonly<Record<string, string>>): Promise<Recognition> {
  try {
    const place = `${url}/apis/auth/authenticate`
    const response = await fetch(place, { headers, redirect: "error", signal: AbortSignal.timeout(timeoutMs) })
    return recognition(place, response.status, parsedJson(await answerText(response)))
  } catch (thrown) {
    const tls = tlsProblem(url, thrown)
    if (tls) return { kind: "unknown", why: `cannot ask ${url}: ${tls.problem}; ${tls.remedy}` }
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown
    return { kind: "unknown", why: `cannot ask ${url}: ${printable(messageOf(cause))}` }
  }
}

/** A refusal of a token that no login refreshes: the sidecar cannot know, and may propose that. */
export function withoutRefresh<Refusal extends { readonly detail: string; readonly code?: string | undefined }>(refusal: Refusal): Refusal {
  return refusal.code === "token_expired" ? { ...refusal, detail: refusal.detail.split("; ")[0] ?? "" } : refusal
}

/** A sidecar may have to fetch keys of the provider first. */
const timeoutMs = 15_000

const shown = z.string().transform((text) => printable(text))
const Refused = z.object({
  detail: shown,
  code: shown,
  /** What a token must be for, and of whom, where this one is not. */
  expected_audience: shown.optional(),
  expected_issuers: z.array(shown).optional(),
})
type Refused = Readonly<z.infer<typeof Refused>>

function recognition(place: string, status: number, body: unknown): Recognition {
  const caller = status === 200 ? Caller.safeParse(body).data : undefined
  if (caller) return { kind: "accepted", caller }
  const refused = Refused.safeParse(body).data
  if (refused && (status === 401 || status === 400)) return { kind: "refused", ...refused }
  return { kind: "unknown", why: refused ? `${refused.code}: ${refused.detail}` : `${place} answered ${status}; is it a Portcullis sidecar?` }
}
