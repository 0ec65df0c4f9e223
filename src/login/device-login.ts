import { z } from "zod"
import { PdpError } from "../errors.js"
import type { LoginHooks } from "./hooks.js"
import { askIdp, unusable } from "./idp-answer.js"
import { idpProblem } from "./idp-problem.js"
import { mayCarrySecrets } from "../model/loopback.js"
import type { LoginProvider } from "./provider.js"
import { spanSeconds } from "./seconds.js"
import { deviceEndpoint, tokenEndpoint } from "./token-endpoint.js"
import { tokensFrom } from "./token-answer.js"
import type { Tokens } from "./tokens.js"

/** What a person needs to approve a login in a browser. */
export interface DevicePrompt {
  /** https, or http on this machine. */
  readonly verificationUri: string
  /** The same with the code in it. */
  readonly verificationUriComplete?: string
  /** Printable. */
  readonly userCode: string
  readonly expiresInSeconds: number
}

/** How {@link deviceLogin} reaches the person, and waits. */
export interface DeviceLoginIo extends LoginHooks {
  /** Shows it. */
  onCode(prompt: DevicePrompt): void
  /** Before each pause. */
  onWaiting?(secondsLeft: number): void
  /** Waits, in milliseconds; rejects when the wait is given up. */
  pause(ms: number): Promise<void>
}

/**
 * Logs in with a code that is approved in a browser, on any machine.
 *
 * @param scopes as `requestedScopes` gives them
 * @throws {PdpError} `ERR_UNAUTHENTICATED` with the reason when the IdP or the person refuses (`access_denied`), or nobody approves in time
 *   (`login_expired`); `ERR_IDP_UNAVAILABLE` when the IdP cannot be asked, and stays so until the code expires
 * @see RFC 8628
 */
export async function deviceLogin(provider: LoginProvider, scopes: readonly string[], io: DeviceLoginIo): Promise<Tokens> {
  const { now = Date.now } = io
  const tokenUrl = tokenEndpoint(provider)
  const scope = scopes.join(" ")
  const startedAt = now()
  const code = await deviceCode(provider, scope, io)
  io.onCode(code.prompt)
  const form = { grant_type: "urn:ietf:params:oauth:grant-type:device_code", client_id: provider.clientId, device_code: code.secret, scope }
  return poll(provider, { url: tokenUrl, form }, { expiresAt: startedAt + code.prompt.expiresInSeconds * 1_000, interval: code.interval }, io)
}

interface DeviceCode {
  readonly secret: string
  /** Seconds. */
  readonly interval: number
  readonly prompt: DevicePrompt
}

async function deviceCode(provider: LoginProvider, scope: string, hooks: LoginHooks): Promise<DeviceCode> {
  const form = { client_id: provider.clientId, scope }
  const answer = await askIdp({ step: "device", url: deviceEndpoint(provider), form, secret: [], hooks })
  if (!answer.ok) throw idpProblem(provider, answer.fault)
  const body = DeviceBody.safeParse(answer.json)
  if (!body.success) throw unusable(answer, `without a usable device code: ${body.error.issues.map(({ path }) => path.join(".")).join(", ")}`)
  const { device_code: secret, user_code: userCode, verification_uri_complete: verificationUriComplete, expires_in, interval } = body.data
  const verificationUri = body.data.verification_uri ?? body.data.verification_url
  if (verificationUri === undefined) throw unusable(answer, "without a verification_uri that a browser may open: https, or http on this machine")
  const complete = verificationUriComplete === undefined ? {} : { verificationUriComplete }
  return { secret, interval, prompt: { verificationUri, ...complete, userCode, expiresInSeconds: expires_in } }
}

/** A day. Node's timers end at once beyond 24 days. */
const longestWaitSeconds = 86_400
const printable = z.string().regex(/^[\x20-\x7e]{1,256}$/)
const page = z.string().max(2_048).refine(isPage)
const DeviceBody = z.object({
  device_code: z.string().min(1),
  user_code: printable,
  verification_uri: page.optional(),
  /** As drafts of the RFC, and Azure AD's first endpoint, call it. */
  verification_url: page.optional(),
  verification_uri_complete: page.optional().catch(undefined),
  expires_in: spanSeconds.transform((value) => Math.min(value ?? 900, longestWaitSeconds)),
  interval: spanSeconds.transform((value) => Math.max(1, value ?? 5)),
})

function isPage(text: string): boolean {
  if (!/^[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return false
  return mayCarrySecrets(text)
}

const slowerSeconds = 5
const longestPauseSeconds = 60

async function poll(
  provider: LoginProvider,
  question: { readonly url: string; readonly form: Readonly<Record<string, string>> },
  { expiresAt, interval: first }: { readonly expiresAt: number; readonly interval: number },
  io: DeviceLoginIo,
): Promise<Tokens> {
  const { now = Date.now, signal } = io
  let interval = first
  let failures = 0
  let failure: PdpError | undefined
  for (let left = expiresAt - now(); left > 0; left = expiresAt - now()) {
    signal?.throwIfAborted()
    io.onWaiting?.(Math.ceil(left / 1_000))
    const pauseSeconds = Math.max(interval, Math.min(interval * 2 ** failures, longestPauseSeconds))
    await io.pause(Math.min(pauseSeconds * 1_000, left))
    const askedAt = now()
    const answer = await askIdp({ step: "poll", ...question, secret: ["device_code"], hooks: io }).catch(passing)
    if (answer instanceof PdpError) {
      failures++
      failure = answer
      continue
    }
    if (answer.ok) return tokensFrom(provider, answer, askedAt)
    const { error, interval: asked = 0 } = answer.fault
    if (error === "slow_down") interval = Math.max(interval + slowerSeconds, asked)
    else if (error !== "authorization_pending") {
      const problem = idpProblem(provider, answer.fault)
      if (problem.details["passing"] !== true) throw problem
      failures++
      failure = problem
      continue
    }
    failures = 0
    failure = undefined
  }
  throw failure ?? expired(provider)
}

/** @throws whatever will not pass */
function passing(thrown: unknown): PdpError {
  if (thrown instanceof PdpError && thrown.details["passing"] === true) return thrown
  throw thrown
}

function expired({ issuer }: LoginProvider): PdpError {
  const problem = `nobody has approved the login at ${issuer} before its code expired`
  const remedy = "run 'portcullis auth login' again and approve it in the browser"
  return new PdpError("ERR_UNAUTHENTICATED", `${problem}; ${remedy}`, { reason: "login_expired", details: { problem, remedy } })
}
