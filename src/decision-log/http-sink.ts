import { z } from "zod"
import { checkOptions } from "../model/options.js"
import { timersOption, unrefTimers, type Timers } from "../model/timers.js"
import { httpTarget, resolveHost, type HttpTarget, type ResolveHost } from "../outgoing/index.js"
import { chunker } from "./chunk.js"
import type { Sink } from "./sink.js"
import { spool } from "./spool.js"
import { spoolFolder } from "./spool-folder.js"
import { tally } from "./tally.js"
import { uploading } from "./uploading.js"

/** Options of {@link httpSink}. */
export interface HttpSinkOptions {
  /** `POST {url}/logs`, or `{url}/logs/{partition}`. https, or http on this machine. */
  readonly url: string
  readonly partition?: string
  /** A file with a bearer token; read for each upload. */
  readonly tokenFile?: string
  /** Bytes that one upload may have, compressed. Default 32,768. */
  readonly uploadSizeLimitBytes?: number
  /** Seconds that events are collected before they are sent. Default 5. */
  readonly minDelaySeconds?: number
  /** The longest pause between attempts, in seconds. Default 60. */
  readonly maxDelaySeconds?: number
  /** By when the server must have answered, in seconds. Default 10. */
  readonly timeoutSeconds?: number
  /** A folder, of this process alone, that keeps what is not uploaded yet, beyond a restart. Default: it is kept in memory. */
  readonly spool?: string
  /** Bytes (compressed) that are kept while the server is away; then the oldest go. Default 64 MiB with a spool, 16 MiB without. */
  readonly spoolBytes?: number
  /** For tests. */
  readonly hooks?: { readonly timers?: Timers; readonly random?: () => number; readonly resolve?: ResolveHost }
}

/**
 * Uploads events as an OPA does: gzipped JSON arrays, tried again until they are taken (at least once). What is in the spool is uploaded after a restart.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the option
 */
export function httpSink(options: HttpSinkOptions): Sink {
  checkOptions("httpSink", Options, options)
  const { uploadSizeLimitBytes = 32_768, minDelaySeconds = 5, maxDelaySeconds = 60, timeoutSeconds = 10, hooks = {} } = options
  const { timers = unrefTimers, random = Math.random } = hooks
  const target = logsTarget(options)
  const counted = tally()
  const folder = options.spool === undefined ? undefined : spoolFolder(options.spool)
  const kept = spool(options.spoolBytes ?? (folder ? 64 : 16) * mebibyte, folder, counted)
  const collected = chunker(uploadSizeLimitBytes)
  const sending = uploading(kept, {
    upload: { target, tokenFile: options.tokenFile, timeoutMs: timeoutSeconds * 1_000, timers },
    mostDelayMs: maxDelaySeconds * 1_000,
    shrink: collected.shrink,
    counted,
    timers,
    random,
  })
  let cancelCut: (() => void) | undefined
  let cutting = Promise.resolve()

  const cut = (): Promise<void> => {
    cancelCut?.()
    cancelCut = undefined
    return (cutting = cutting
      .then(async () => {
        const { chunks, tooLarge } = await collected.cut()
        if (tooLarge > 0) counted.dropped("too_large", tooLarge)
        for (const chunk of chunks) await kept.put(chunk)
        sending.soon()
      })
      .catch(counted.failed))
  }
  if (kept.events > 0) sending.soon()

  return {
    name: `http ${target.place}`,
    async write(events) {
      for (const event of events) if (collected.add(event)) await cut()
      if (collected.count > 0) cancelCut ??= timers.after(minDelaySeconds * 1_000, () => void cut())
    },
    async close(signal) {
      await cut()
      await sending.finish(signal)
      if (kept.unsaved > 0) counted.dropped("closed", kept.unsaved)
    },
    held: () => ({
      events: collected.count + kept.events,
      bytes: collected.bytes + kept.bytes,
      spooled: { events: kept.events, bytes: kept.bytes },
      written: sending.taken(),
      dropped: counted.counts(),
      ...counted.failures(),
    }),
  }
}

const mebibyte = 1_048_576
const Options = z.strictObject({
  url: z.string().min(1),
  partition: z
    .string()
    .regex(/^[\w.~-]+(?:\/[\w.~-]+)*$/, "must be path segments of letters, digits and .~-")
    .optional(),
  tokenFile: z.string().min(1).optional(),
  uploadSizeLimitBytes: z.int().min(1_024).max(67_108_864).optional(),
  minDelaySeconds: z.number().min(0).max(3_600).optional(),
  maxDelaySeconds: z.number().min(0.1).max(3_600).optional(),
  timeoutSeconds: z.number().min(0.1).max(300).optional(),
  spool: z.string().min(1).optional(),
  spoolBytes: z.int().min(65_536).optional(),
  hooks: z.strictObject({ timers: timersOption.optional(), random: z.unknown().optional(), resolve: z.unknown().optional() }).optional(),
})

function logsTarget({ url, partition, hooks }: HttpSinkOptions): HttpTarget {
  const resolve = hooks?.resolve ?? resolveHost
  const { url: base } = httpTarget(url, resolve)
  const path = `${base.pathname.replace(/\/$/, "")}/logs${partition === undefined ? "" : `/${partition}`}`
  const whole = new URL(base)
  whole.pathname = path
  return httpTarget(whole, resolve)
}
