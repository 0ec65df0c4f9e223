import { z } from "zod"
import { messageOf, PdpError } from "../errors.js"
import { printable } from "../model/printable.js"
import { scanJson } from "../model/json-scanner.js"
import type { LoginHooks } from "./hooks.js"
import { spanSeconds } from "./seconds.js"
import { withoutSecrets } from "./secret-spellings.js"
import { askText, type TextAnswer } from "./text-answer.js"

/** What is being done at the IdP: asking for a device code, waiting for its approval, logging in with a password, or refreshing. */
export type LoginStep = "device" | "poll" | "password" | "refresh"

/** An error answer of an IdP, RFC 6749 section 5.2. Texts are short and hold no control characters and nothing secret that was sent. */
export interface IdpFault {
  readonly step: LoginStep
  /** The URL for messages. */
  readonly place: string
  readonly status: number
  /** The scopes that were asked for, as they were sent. */
  readonly scope: string
  readonly error: string
  readonly description?: string
  /** Azure AD's numbers, `AADSTS…`. */
  readonly codes: readonly number[]
  /** A pause that the IdP asks for, in seconds. */
  readonly interval?: number
}

/** A JSON object, or the error that the IdP answered instead. */
export type IdpAnswer =
  { readonly ok: true; readonly place: string; readonly status: number; readonly json: unknown } | { readonly ok: false; readonly fault: IdpFault }

/** A form to post. */
export interface IdpQuestion {
  readonly step: LoginStep
  readonly url: string
  readonly form: Readonly<Record<string, string>>
  /** Names of the form's fields that messages must not repeat. */
  readonly secret: readonly string[]
  readonly hooks?: LoginHooks | undefined
}

/**
 * Posts a form to an IdP.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when the URL may not be asked, `ERR_IDP_UNAVAILABLE` naming URL and status when no JSON object comes back
 */
export async function askIdp({ step, url, form, secret, hooks = {} }: IdpQuestion): Promise<IdpAnswer> {
  const answer = await askText({ url, form, hooks }).catch((thrown: unknown) => {
    if (thrown instanceof PdpError && thrown.code === "ERR_SOURCE_UNAVAILABLE") throw unreachable(thrown)
    throw thrown
  })
  const { place, status } = answer
  const json = parsed(answer)
  const fault = FaultBody.safeParse(json)
  if (!fault.success && status >= 200 && status < 300) return { ok: true, place, status, json }
  if (!fault.success) throw unusable(answer, "without an OAuth error in it")
  const clean = cleaned(secret.map((name) => form[name] ?? ""))
  const { error, description, codes, interval } = fault.data
  const shown = description === undefined ? {} : { description: clean(description) }
  return {
    ok: false,
    fault: { step, place, status, scope: form["scope"] ?? "", error: clean(error), ...shown, codes, ...(interval !== undefined && { interval }) },
  }
}

/**
 * An answer that is no use.
 *
 * @param what is wrong, after "answered 200"
 */
export function unusable({ place, status }: Pick<TextAnswer, "place" | "status">, what: string): PdpError {
  const problem = `${place} answered ${status} ${what}`
  const remedy = "check that this is the IdP's endpoint (`auth.oidc` of the sidecar, or the IdP's discovery document) and that nothing stands between"
  const details = { problem, remedy, url: place, status, passing: isPassing(status) }
  return new PdpError("ERR_IDP_UNAVAILABLE", `${problem}; ${remedy}`, { reason: "idp_unavailable", details })
}

/** True for a status that may be another one in a while. */
export function isPassing(status: number): boolean {
  return status >= 500 || status === 429 || status === 408
}

const text = z.string().min(1)
const OAuthBody = z
  .object({
    error: text,
    error_description: z.string().nullish().catch(undefined),
    error_codes: z.array(z.number()).catch([]).default([]),
    interval: spanSeconds,
  })
  .transform(({ error, error_description, error_codes, interval }) => ({
    error,
    description: error_description ?? undefined,
    codes: [...new Set([...error_codes, ...numbersIn(error_description ?? "")])],
    interval,
  }))
const OktaBody = z
  .object({ errorCode: text, errorSummary: z.string().optional() })
  .transform(({ errorCode, errorSummary }) => ({ error: errorCode, description: errorSummary, codes: [], interval: undefined }))
const FaultBody = z.union([OAuthBody, OktaBody])

function numbersIn(description: string): readonly number[] {
  return [...description.matchAll(/\bAADSTS(\d{4,9})\b/g)].map(([, digits]) => Number(digits))
}

function unreachable(thrown: PdpError): PdpError {
  const details = { ...thrown.details, passing: true }
  return new PdpError("ERR_IDP_UNAVAILABLE", thrown.message, { reason: "idp_unavailable", cause: thrown, details })
}

function parsed(answer: TextAnswer): unknown {
  const { bytes, type, redirects } = answer
  if (redirects) throw unusable(answer, "and names another place; redirects are not followed")
  if (bytes.length === 0) throw unusable(answer, "with nothing in it")
  const finding = scanJson(bytes, { depth: 16, keys: 1_000 })
  if (finding) throw unusable(answer, `with ${finding.problem} at byte ${finding.offset}`)
  try {
    const json: unknown = JSON.parse(bytes.toString())
    if (typeof json === "object" && json !== null && !Array.isArray(json)) return json
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw new TypeError(messageOf(thrown), { cause: thrown })
  }
  throw unusable(answer, `with something else than a JSON object${type === "" ? "" : ` (${cleaned([])(type)})`}`)
}

const mostShown = 600

/** Removes what a terminal would obey, what was sent in secret, and what is too much. */
function cleaned(secrets: readonly string[]): (raw: string) => string {
  return (raw) => {
    const plain = printable(withoutSecrets(raw, secrets)).replace(/ {2,}/g, " ").trim()
    return plain.length > mostShown ? `${plain.slice(0, mostShown)}…` : plain
  }
}
