import { z } from "zod"
import type { PdpError } from "../errors.js"
import { aFunction, checkOptions } from "../model/options.js"
import { timersOption, unrefTimers, type Timers } from "../model/timers.js"
import { resolveHost, type ResolveHost } from "../outgoing/index.js"
import { defaultHeaderPrefix, HeaderPrefix } from "./identity-headers.js"

/** Options of `authentication`. */
export interface AuthenticationOptions {
  /** Default true. False: bearer tokens are not looked at, and who asks is what the headers of trusted peers say. */
  readonly enabled?: boolean | undefined
  /** Believe unsigned JWTs (`alg: none`) of trusted peers. Default false. */
  readonly allowUnsignedJwt?: boolean | undefined
  /** Whose tokens are believed. Default: nobody's. */
  readonly issuers?: readonly IssuerOptions[] | undefined
  /** Hosts from which discovery documents and keys may be fetched. Default: any. */
  readonly allowedHosts?: readonly string[] | undefined
  /** How old the keys of an issuer get, in seconds, before they are asked for again. Default 3600. */
  readonly jwksCacheSeconds?: number | undefined
  /** Each issuer is asked once in this time at most, in seconds. Default 5. */
  readonly jwksCooldownSeconds?: number | undefined
  /** By how much clocks may differ, in seconds. Default 60. */
  readonly leewaySeconds?: number | undefined
  /** Verified tokens that are remembered. Default 10,000; 0: none. */
  readonly tokenCacheEntries?: number | undefined
  /** What the names of the principal headers begin with. Default `X-NMP-`. */
  readonly headerPrefix?: string | undefined
  /** Called when an issuer could not be asked, for logs. Must not throw. */
  readonly onProblem?: ((problem: IssuerProblem) => void) | undefined
  /** Called with the issuer when it answers again after `onProblem`, for logs. Must not throw. */
  readonly onRecovery?: ((issuer: string) => void) | undefined
  /** Replaced in tests. */
  readonly hooks?: AuthenticationHooks | undefined
}

/** One issuer of tokens: an identity provider. */
export interface IssuerOptions {
  /** Exactly as tokens name it in `iss`. */
  readonly issuer: string
  /** What `aud` must contain. Default: the client id. */
  readonly audience?: string | undefined
  readonly clientId?: string | undefined
  /** Where its keys are. Default: where its discovery document says. */
  readonly jwksUri?: string | undefined
  /** Default `email`. */
  readonly emailClaim?: string | undefined
  /** A claim or a path such as `realm_access.roles`. Default `groups`, else `cognito:groups`. */
  readonly groupsClaim?: string | undefined
  /** Default, and where the token has no such claim: `sub`. */
  readonly subjectClaim?: string | undefined
  /** Taken off scopes that begin with it, as `api://app` off `api://app/platform:read`. */
  readonly scopePrefix?: string | undefined
  /** Domains whose e-mail addresses it vouches for. Default: all while it is the only issuer, else none. */
  readonly emailDomains?: readonly string[] | undefined
}

/** An issuer could not be asked for its discovery document or its keys. */
export interface IssuerProblem {
  readonly issuer: string
  readonly error: PdpError
  /** True when what it said before stays in use. */
  readonly hasKnown?: boolean
}

/** What authentication takes from its surroundings. */
export interface AuthenticationHooks {
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: (() => number) | undefined
  /** Default as the operating system does it. */
  readonly resolve?: ResolveHost | undefined
  /** Default Node's, which do not keep the process alive. */
  readonly timers?: Timers | undefined
}

/** {@link AuthenticationOptions} with every default. */
export interface AuthenticationSettings {
  readonly enabled: boolean
  readonly allowUnsignedJwt: boolean
  readonly issuers: readonly IssuerOptions[]
  readonly allowedHosts: readonly string[] | undefined
  readonly jwksCacheSeconds: number
  readonly jwksCooldownSeconds: number
  readonly leewaySeconds: number
  readonly tokenCacheEntries: number
  readonly headerPrefix: string
  readonly onProblem: (problem: IssuerProblem) => void
  readonly onRecovery: (issuer: string) => void
  readonly hooks: Required<{ readonly [Hook in keyof AuthenticationHooks]: NonNullable<AuthenticationHooks[Hook]> }>
}

/**
 * Fills in the defaults.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the option
 */
export function authenticationSettings(options: AuthenticationOptions): AuthenticationSettings {
  checkOptions("authentication", Options, options)
  return {
    enabled: options.enabled ?? true,
    allowUnsignedJwt: options.allowUnsignedJwt ?? false,
    issuers: options.issuers ?? [],
    allowedHosts: options.allowedHosts,
    jwksCacheSeconds: options.jwksCacheSeconds ?? 3_600,
    jwksCooldownSeconds: options.jwksCooldownSeconds ?? 5,
    leewaySeconds: options.leewaySeconds ?? 60,
    tokenCacheEntries: options.tokenCacheEntries ?? 10_000,
    headerPrefix: options.headerPrefix ?? defaultHeaderPrefix,
    onProblem: options.onProblem ?? (() => {}),
    onRecovery: options.onRecovery ?? (() => {}),
    hooks: hookSettings(options.hooks),
  }
}

/** Fills in the defaults of hooks. */
export function hookSettings({
  now = Date.now,
  resolve = resolveHost,
  timers = unrefTimers,
}: AuthenticationHooks = {}): AuthenticationSettings["hooks"] {
  return { now, resolve, timers }
}

const text = z.string().min(1)
const Issuer = z.strictObject({
  issuer: text,
  audience: text.optional(),
  clientId: text.optional(),
  jwksUri: text.optional(),
  emailClaim: text.optional(),
  groupsClaim: text.optional(),
  subjectClaim: text.optional(),
  scopePrefix: text.optional(),
  emailDomains: z.array(z.string().regex(/^[^\s@]+$/, "must be a domain, without @")).optional(),
})
const Options = z.strictObject({
  enabled: z.boolean().optional(),
  allowUnsignedJwt: z.boolean().optional(),
  issuers: z.array(Issuer).optional(),
  allowedHosts: z.array(text).optional(),
  jwksCacheSeconds: z.number().min(1).max(31_536_000).optional(),
  jwksCooldownSeconds: z.number().min(0).max(3_600).optional(),
  leewaySeconds: z.number().min(0).max(600).optional(),
  tokenCacheEntries: z.number().int().min(0).max(10_000_000).optional(),
  headerPrefix: HeaderPrefix.optional(),
  onProblem: aFunction.optional(),
  onRecovery: aFunction.optional(),
  hooks: z.strictObject({ now: aFunction.optional(), resolve: aFunction.optional(), timers: timersOption.optional() }).optional(),
})
