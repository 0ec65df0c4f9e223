import { z } from "zod"
import { PdpError } from "../errors.js"
import { aFunction, checkOptions } from "../model/options.js"
import { assertHeaders, type HttpHeadersOption } from "./http-headers.js"
import { httpTarget, resolveHost, type HttpTarget, type ResolveHost } from "../outgoing/index.js"
import { timersOption, unrefTimers, type Timers } from "../model/timers.js"

/** Options of {@link httpSource}. */
export interface HttpSourceOptions {
  /**
   * `https:`, or `http:` on `localhost`, `127.0.0.0/8` or `[::1]`. A name and password in it are sent as basic authorization. They and the
   * query are never shown; the path is, in the source's name and in messages.
   */
  readonly url: string | URL
  /** Sent with each request, for example `authorization`; a function is asked before each. Never shown. */
  readonly headers?: HttpHeadersOption
  /** Longest wait for the head of the answer, and for each further 64 KiB of its body, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number
  /** Most bytes of one answer. Default 256 MiB; JSON has 8 MiB at most in any case. */
  readonly maxBytes?: number
  /** Default as the operating system does it. */
  readonly resolve?: ResolveHost
  /** Default Node's, which do not keep the process alive. */
  readonly timers?: Timers
}

/** {@link HttpSourceOptions}, checked and complete. */
export interface HttpSettings {
  readonly target: HttpTarget
  readonly headers: HttpHeadersOption
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly timers: Timers
}

/** @throws {PdpError} `ERR_CONFIG_INVALID` naming the option */
export function httpSettings(options: HttpSourceOptions): HttpSettings {
  checkOptions("httpSource", Options, options)
  const { url, headers = {}, timeoutMs = defaultTimeoutMs, maxBytes = defaultMaxBytes, resolve = resolveHost, timers = unrefTimers } = options
  if (typeof headers !== "function") assertHeaders(headers)
  assertWithin("timeoutMs", timeoutMs, longestTimeoutMs)
  assertWithin("maxBytes", maxBytes, Number.MAX_SAFE_INTEGER)
  return { target: httpTarget(url, resolve), headers, timeoutMs, maxBytes, timers }
}

const Options = z.strictObject({
  url: z.union([z.string(), z.instanceof(URL)], "must be a URL"),
  headers: z
    .union([aFunction, z.custom<object>((value) => typeof value === "object" && value !== null)], "must be an object, or a function")
    .optional(),
  timeoutMs: z.unknown().optional(),
  maxBytes: z.unknown().optional(),
  resolve: aFunction.optional(),
  timers: timersOption.optional(),
})
const defaultTimeoutMs = 5_000
const longestTimeoutMs = 2 ** 31 - 1
const defaultMaxBytes = 256 * 1024 * 1024

function assertWithin(option: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new PdpError("ERR_CONFIG_INVALID", `'${option}' is ${value}; choose a whole number from 1 to ${most}`)
}
