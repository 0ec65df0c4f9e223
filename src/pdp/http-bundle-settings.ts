import { randomUUID } from "node:crypto"
import { z } from "zod"
import type { VerificationOptions } from "../bundle/index.js"
import { aFunction, checkOptions } from "../model/options.js"
import { timersOption, unrefTimers } from "../model/timers.js"
import { httpTarget, resolveHost, type HttpTarget, type ResolveHost } from "../outgoing/index.js"
import { assertHeaders, type HttpHeadersOption } from "../source/index.js"
import type { Surroundings } from "./bundle-feed.js"
import { verificationOption } from "./verification-option.js"

/** Options of {@link httpBundle}. */
export interface HttpBundleOptions {
  /** `https:`, or `http:` on `localhost`, `127.0.0.0/8` or `[::1]`. Its query and password are never shown. */
  readonly url: string | URL
  /** Pause between two looks where the server does not hold questions back, in seconds, ±10 %. Also the longest pause after failures. Default 30. */
  readonly pollSeconds?: number
  /** How long a server that can may hold a question back until there is another bundle, in seconds; 0: it is not asked to. Default 30. */
  readonly longPollSeconds?: number
  /** Whose signature a bundle must have. Default: it must be unsigned. */
  readonly verify?: VerificationOptions
  /** Sent with each request; a function is asked before each. Never shown. */
  readonly headers?: HttpHeadersOption
  /** A file with a bearer token, read before each request. */
  readonly tokenFile?: string
  /** A file that keeps the last good bundle as it came; it decides when the server does not answer at the start, if its signature is good. */
  readonly persistFile?: string
  /** Most bytes of a bundle, as it travels and once it is inflated. Default 256 MiB. */
  readonly maxBytes?: number
  /** Longest wait for the head of an answer that is not held back, and for each further 64 KiB, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number
  /** Where the state is posted to in OPA's format, for example `https://…/status`. Default: nowhere. */
  readonly statusUrl?: string | URL
  /** The name of the bundle in these reports. Default: the end of the URL's path, without `.tar.gz`. */
  readonly name?: string
  /** Labels in these reports. Default: an `id` of this process. */
  readonly labels?: Readonly<Record<string, string>>
  /** Replaced in tests: names to addresses, clock, chance and alarm. */
  readonly hooks?: Partial<Surroundings> & { readonly resolve?: ResolveHost }
}

/** {@link HttpBundleOptions}, checked and complete. */
export interface HttpBundleSettings {
  readonly target: HttpTarget
  readonly name: string
  readonly pollSeconds: number
  readonly longPollSeconds: number
  readonly verify: VerificationOptions | undefined
  readonly headers: HttpHeadersOption
  readonly tokenFile: string | undefined
  readonly persistFile: string | undefined
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly reportTarget: HttpTarget | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly surroundings: Surroundings
}

/** @throws {PdpError} `ERR_CONFIG_INVALID` naming the option */
export function httpBundleSettings(options: HttpBundleOptions): HttpBundleSettings {
  checkOptions("httpBundle", Options, options)
  const { url, headers = {}, hooks = {}, statusUrl, labels } = options
  if (typeof headers !== "function") assertHeaders(headers)
  const resolve = hooks.resolve ?? resolveHost
  const target = httpTarget(url, resolve)
  return {
    target,
    name: options.name ?? nameIn(target.url.pathname),
    pollSeconds: options.pollSeconds ?? defaultPollSeconds,
    longPollSeconds: options.longPollSeconds ?? defaultPollSeconds,
    verify: options.verify,
    headers,
    tokenFile: options.tokenFile,
    persistFile: options.persistFile,
    maxBytes: options.maxBytes ?? defaultMaxBytes,
    timeoutMs: options.timeoutMs ?? 10_000,
    reportTarget: statusUrl === undefined ? undefined : httpTarget(statusUrl, resolve),
    labels: { id: randomUUID(), ...labels },
    surroundings: surroundingsOf(hooks),
  }
}

/** Of the system, but for what is given. */
export function surroundingsOf({ timers = unrefTimers, random = Math.random, now = Date.now }: Partial<Surroundings>): Surroundings {
  return { timers, random, now }
}

/** Where nothing else is said. */
export const defaultPollSeconds = 30
/** Where nothing else is said: 256 MiB. */
export const defaultMaxBytes = 268_435_456
/** Of a bundle's options. */
export const pollSecondsOption: z.ZodType = z.number().min(0.05).max(86_400)
/** Of a bundle's options. */
export const maxBytesOption: z.ZodType = z.int().min(1).max(2_147_483_647)

const place = z.union([z.string(), z.instanceof(URL)], "must be a URL")
const file = z.string().min(1)
const Hooks = z.strictObject({
  timers: timersOption.optional(),
  random: aFunction.optional(),
  now: aFunction.optional(),
  resolve: aFunction.optional(),
})
/** Of `hooks`. */
export const hooksOption: z.ZodType = Hooks
const Options = z.strictObject({
  url: place,
  pollSeconds: pollSecondsOption.optional(),
  longPollSeconds: z.int().min(0).max(3_600).optional(),
  verify: verificationOption.optional(),
  headers: z
    .union([aFunction, z.custom<object>((value) => typeof value === "object" && value !== null)], "must be an object, or a function")
    .optional(),
  tokenFile: file.optional(),
  persistFile: file.optional(),
  maxBytes: maxBytesOption.optional(),
  timeoutMs: z.int().min(1).max(3_600_000).optional(),
  statusUrl: place.optional(),
  name: z.string().min(1).max(128).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  hooks: hooksOption.optional(),
})

function nameIn(path: string): string {
  return (path.split("/").at(-1) ?? "").replace(/\.tar\.gz$/, "") || "bundle"
}
