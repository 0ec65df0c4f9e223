import { providerMetadata, verificationKeys, type Issuer, type VerificationKeys } from "../authn/index.js"
import { PdpError } from "../errors.js"
import { issuerProblem } from "../login/index.js"
import { getJson, type ResolveHost } from "../outgoing/index.js"
import { failed, failedBy, passed, quoted, unchecked, type Finding } from "./finding.js"
import type { Rules } from "./rules.js"

/** What one identity provider tells. */
export interface ProviderFacts {
  readonly findings: readonly Finding[]
  /** Undefined when they cannot be had. */
  readonly keys?: VerificationKeys
  /** By how many milliseconds its clock is ahead of this machine's; undefined when it does not tell. */
  readonly aheadMs?: number
  /** False: its discovery document is due, and cannot be read or names another issuer. */
  readonly isReachable: boolean
}

/** What it is asked with. */
export interface ProviderHooks {
  readonly now: () => number
  readonly resolve?: ResolveHost | undefined
}

/** Asks an issuer for its discovery document and its keys. */
export async function checkProvider({ issuer, jwksUri }: Issuer, { allowedHosts }: Rules, hooks: ProviderHooks): Promise<ProviderFacts> {
  try {
    const { jwks_uri: told } = await providerMetadata({ issuer, allowedHosts, hooks }).read()
    const document = passed("discovery", `the discovery document of ${quoted(issuer)} can be read, and names the same issuer`)
    return withKeys(document, jwksUri ?? told, allowedHosts, hooks)
  } catch (thrown) {
    const problem = await discoveryProblem(issuer, allowedHosts, thrown, hooks)
    if (jwksUri === undefined) return { findings: [problem, unchecked("keys", "see discovery")], isReachable: false }
    return withKeys({ ...problem, ok: null, detail: `not needed, as jwks_uri is configured: ${problem.detail}` }, jwksUri, allowedHosts, hooks)
  }
}

/** Asks once more, as only the document itself tells what to set. */
async function discoveryProblem(
  issuer: string,
  allowedHosts: readonly string[] | undefined,
  thrown: unknown,
  { resolve }: ProviderHooks,
): Promise<Finding> {
  const mayAsk = allowedHosts === undefined || (URL.canParse(issuer) && allowedHosts.includes(new URL(issuer).hostname))
  const found = mayAsk ? await issuerProblem(issuer, resolve && { resolve }) : undefined
  return found ? failed("discovery", `idp_unavailable: ${found.problem}`, found.remedy) : failedBy("discovery", thrown)
}

async function withKeys(
  document: Finding,
  url: string | undefined,
  allowedHosts: readonly string[] | undefined,
  { now, resolve }: ProviderHooks,
): Promise<ProviderFacts> {
  const isReachable = true
  if (url === undefined)
    return { findings: [document, failed("keys", "the discovery document names no jwks_uri", "set auth.oidc.jwks_uri")], isReachable }
  try {
    const { json, headers } = await getJson({ url, allowedHosts, ...(resolve && { resolve }) })
    const keys = verificationKeys(json)
    const at = Date.parse(headers.date ?? "") + Number(headers.age ?? 0) * 1_000
    const clock = Number.isNaN(at) ? {} : { aheadMs: at - now() }
    return { findings: [document, keysFinding(url, keys)], keys, ...clock, isReachable }
  } catch (thrown) {
    return { findings: [document, failedBy("keys", withRemedy(thrown))], isReachable }
  }
}

function keysFinding(url: string, { size }: VerificationKeys): Finding {
  if (size > 0) return passed("keys", `${url} holds ${size} ${size === 1 ? "key" : "keys"} that can verify tokens`)
  return failed(
    "keys",
    `${url} holds no key that can verify tokens`,
    "let the identity provider sign with RS256 or ES256, by a key of 2048 bits at least",
  )
}

function withRemedy(thrown: unknown): unknown {
  if (!(thrown instanceof PdpError) || thrown.message.includes("; ")) return thrown
  return new PdpError(thrown.code, `${thrown.message}; check jwks_uri`, { cause: thrown })
}

/**
 * Do the clocks agree by which tokens are issued and looked at?
 *
 * @param sidecarAheadMs undefined: it does not tell, so this machine's clock takes its place
 */
export function checkClock(providers: readonly ProviderFacts[], sidecarAheadMs: number | undefined, { leewaySeconds }: Rules): Finding {
  const told = providers.flatMap(({ aheadMs }) => (aheadMs === undefined ? [] : [aheadMs]))
  if (told.length === 0)
    return unchecked("clock", providers.every(({ isReachable }) => isReachable) ? "no identity provider tells the time" : "see discovery")
  const whose = sidecarAheadMs === undefined ? "this machine's" : "the sidecar's"
  const seconds = told.map((aheadMs) => Math.round((aheadMs - (sidecarAheadMs ?? 0)) / 1_000)).toSorted((a, b) => Math.abs(b) - Math.abs(a))[0] ?? 0
  if (seconds === 0) return passed("clock", `the identity provider's clock agrees with ${whose}`)
  const difference = `the identity provider's clock is ${Math.abs(seconds)} s ${seconds < 0 ? "behind" : "ahead of"} ${whose}`
  if (Math.abs(seconds) <= leewaySeconds) return passed("clock", `${difference}; up to ${leewaySeconds} s are let pass`)
  return failed(
    "clock",
    `${difference}, and ${leewaySeconds} s are the most`,
    "set both clocks by NTP; auth.oidc.leeway_seconds lets them differ more",
  )
}
