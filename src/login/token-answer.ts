import { z } from "zod"
import { decodedToken } from "./decoded-token.js"
import { unusable, type IdpAnswer } from "./idp-answer.js"
import type { LoginProvider } from "./provider.js"
import { spanSeconds } from "./seconds.js"
import { withoutPrefix } from "./scopes.js"
import type { Tokens } from "./tokens.js"

/**
 * The tokens in a successful answer.
 *
 * @param askedAt milliseconds since 1970, of when the request was sent: the lifetime is counted from then
 * @throws {PdpError} `ERR_IDP_UNAVAILABLE` when there is no bearer token in it
 * @see RFC 6749 section 5.1
 */
export function tokensFrom(provider: LoginProvider, answer: Extract<IdpAnswer, { ok: true }>, askedAt: number): Tokens {
  const body = TokenBody.safeParse(answer.json)
  if (!body.success) throw unusable(answer, `without a usable bearer token: ${problemsOf(body.error)}`)
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds, scope } = body.data
  const expiresAt = seconds === undefined ? ownEnd(accessToken) : askedAt + seconds * 1_000
  const scopes = scope?.split(/\s+/).filter((one) => one !== "")
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(scopes && { scopes: scopes.map((one) => withoutPrefix(provider, one)) }),
  }
}

const token = z.string().regex(/^[\x21-\x7e]+$/, "must be printable ASCII")
const TokenBody = z.object({
  access_token: token,
  token_type: z.string().regex(/^bearer$/i, "must be Bearer"),
  refresh_token: token.nullish().transform((value) => value ?? undefined),
  expires_in: spanSeconds,
  scope: z
    .string()
    .nullish()
    .transform((value) => value ?? undefined),
})

function ownEnd(accessToken: string): number | undefined {
  const end = decodedToken(accessToken)?.claims["exp"]
  return typeof end === "number" && Number.isFinite(end) ? end * 1_000 : undefined
}

/** Names and kinds only: zod's messages do not show values. */
function problemsOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`).join(", ")
}
