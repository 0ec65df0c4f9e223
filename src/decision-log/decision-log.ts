import { randomUUID } from "node:crypto"
import { setImmediate as nextTurn } from "node:timers/promises"
import { z } from "zod"
import { aFunction, checkOptions } from "../model/options.js"
import { packageVersion } from "../model/package-version.js"
import { keptAlive, timersOption, unrefTimers, type Timers } from "../model/timers.js"
import { draining, type Waiting } from "./draining.js"
import { DropFilter } from "./drop-filter.js"
import type { LogEvent } from "./event.js"
import type { ExplainWhich } from "./explanations.js"
import { lane } from "./lane.js"
import { MaskRule } from "./mask-rules.js"
import { principalHash } from "./principal-hash.js"
import type { DecisionRecorder, LoggedPolicy } from "./recorder.js"
import { recording, type LogWhich } from "./recording.js"
import { ring } from "./ring.js"
import type { Sink } from "./sink.js"
import { tally, type DecisionLogStatus } from "./tally.js"
import { jsonWeight } from "./weight.js"

/** Options of {@link createDecisionLog}. */
export interface DecisionLogOptions {
  readonly sinks: readonly Sink[]
  /** Which decisions are noted. Default `all`. `none` leaves what others send. */
  readonly log?: LogWhich
  /** How many of the decisions that allow are noted, 0 to 1. Default 1, all. */
  readonly sample?: number
  /** Which decisions get their reasons and endpoint, from a second question to the policy, asked when there is time. Default `denies`. */
  readonly explain?: ExplainWhich
  /** `hash`: who is named is replaced by a hash. Default `none`: not. */
  readonly maskPrincipal?: "none" | "hash"
  /** Makes the hash an HMAC. */
  readonly maskPrincipalKey?: string
  /** What is taken out of events or replaced, after what is always taken out. */
  readonly mask?: readonly MaskRule[]
  /** Which events are left out. */
  readonly drop?: readonly DropFilter[]
  /** Ask the policy's entrypoints `system/log/mask` and `system/log/drop`. Default false. */
  readonly policyMask?: boolean
  readonly policyDrop?: boolean
  /** Decisions that may wait to be written, and the bytes that they may hold. Default 10,000 and 16 MiB. When it is full, the oldest go. */
  readonly queueEvents?: number
  readonly queueBytes?: number
  /** Bytes that may wait for each sink, beside what it is writing. Default 8 MiB. */
  readonly sinkBytes?: number
  /** Labels of every event, beside `id` and `version`. */
  readonly labels?: Readonly<Record<string, string>>
  /** What `bundles` in events calls our policy. Default `authz`. */
  readonly bundle?: string
  /** Time and randomness, for tests. */
  readonly hooks?: DecisionLogHooks
}

/** What a decision log takes from its surroundings. */
export interface DecisionLogHooks {
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** Milliseconds of a clock that only goes forward. */
  readonly clock?: () => number
  readonly random?: () => number
  readonly timers?: Timers
  readonly newId?: () => string
}

/** Notes decisions and writes them to sinks, later. Nothing that becomes of it ever changes or delays a decision. */
export interface DecisionLog {
  /** Notes the decisions of a policy; several may share a log. The latest one is asked about events that others made. */
  recorder(policy: LoggedPolicy): DecisionRecorder
  /**
   * Takes events that others made, masked: all of them, or, where they would fill more than half of the queue, none.
   *
   * @returns false for none
   */
  receive(events: readonly LogEvent[], duplicates: number): boolean
  status(): DecisionLogStatus
  /** Writes out what waits, for at most `graceMs` (default 5,000), and counts the rest. Whatever comes later is counted as dropped. */
  close(graceMs?: number): Promise<void>
}

/** @throws {PdpError} `ERR_CONFIG_INVALID` naming the option */
export function createDecisionLog(options: DecisionLogOptions): DecisionLog {
  checkOptions("createDecisionLog", Options, options)
  const { sinks, log = "all", sample = 1, queueEvents = 10_000, queueBytes = 16 * mebibyte, sinkBytes = 8 * mebibyte, hooks = {} } = options
  const { now = Date.now, clock = monotonicMs, random = Math.random, timers = unrefTimers, newId = randomUUID } = hooks
  const waiting = ring<Waiting>({ items: queueEvents, bytes: queueBytes })
  const counted = tally()
  const lanes = sinks.map((sink) => lane(sink, { events: laneEvents, bytes: sinkBytes, timers, random }))
  let epoch = now() - clock()
  let recorded = 0
  let received = 0
  let unexplained = 0
  let closing: Promise<void> | undefined
  let latestPolicy: LoggedPolicy | undefined

  const drain = draining(waiting, {
    line: lineOptions(options, newId),
    timers,
    clock,
    isBusy: () => waiting.size > queueEvents / 2 || waiting.bytes > queueBytes / 2,
    policy: () => latestPolicy,
    write: (text) => {
      for (const one of lanes) one.push(text)
    },
    dropped: (cause) => counted.dropped(cause, 1),
    unexplained: () => void unexplained++,
  })
  const push = (item: Waiting): void => {
    if (closing) return counted.dropped("closed", 1)
    if (waiting.size === 0) epoch = now() - clock()
    const dropped = waiting.push(item)
    if (dropped > 0) counted.dropped("queue_full", dropped)
    drain.soon()
  }
  const finish = async (graceMs: number): Promise<void> => {
    const ending = new AbortController()
    const cancel = timers.after(graceMs, () => ending.abort())
    while (waiting.size > 0 && !ending.signal.aborted) {
      drain.slice()
      await nextTurn()
    }
    if (waiting.size > 0) counted.dropped("closed", waiting.size)
    await Promise.all(lanes.map((one) => one.close(ending.signal)))
    cancel()
    drain.stop()
  }
  const effects = {
    push: (entry: Waiting) => {
      recorded++
      push(entry)
    },
    sampledOut: () => counted.dropped("sampled", 1),
    invalid: () => counted.dropped("invalid", 1),
    clock,
    origin: () => epoch,
    random,
  }

  return {
    recorder(policy) {
      latestPolicy = policy
      return log === "none" ? silent(clock) : recording(policy, log, sample, effects)
    },
    receive(events, duplicates) {
      counted.dropped("duplicate", duplicates)
      const items = events.map((event) => ({ received: event, bytes: jsonWeight(event) }))
      const bytes = items.reduce((sum, item) => sum + item.bytes, 0)
      if (closing || waiting.size + items.length > queueEvents / 2 || waiting.bytes + bytes > queueBytes / 2) return false
      received += items.length
      items.forEach(push)
      return true
    },
    status: () => ({
      recorded,
      received,
      queued: { events: waiting.size, bytes: waiting.bytes },
      dropped: counted.counts(),
      unexplained,
      sinks: lanes.map((one) => one.status()),
    }),
    close: (graceMs = 5_000) => (closing ??= keptAlive(finish(graceMs))),
  }
}

const mebibyte = 1_048_576
const laneEvents = 100_000
const monotonicMs = (): number => performance.now()

function silent(clock: () => number): DecisionRecorder {
  return { clock, question: () => undefined, evaluation: () => undefined }
}

function lineOptions(options: DecisionLogOptions, newId: () => string): Parameters<typeof draining>[1]["line"] {
  const { labels = {}, bundle = "authz", explain = "denies", drop = [], mask = [], policyMask = false, policyDrop = false } = options
  return {
    frame: { labels: { id: newId(), version: packageVersion(), ...labels }, bundle, newId },
    explain,
    filters: drop,
    masks: mask,
    maskPrincipal: options.maskPrincipal === "hash" ? principalHash(options.maskPrincipalKey) : undefined,
    policyDrops: policyDrop,
    policyMasks: policyMask,
  }
}

const isSink = (value: unknown): boolean => typeof value === "object" && value !== null && "write" in value && "close" in value
const Options = z.strictObject({
  sinks: z.array(z.custom<Sink>(isSink, "must be sinks, such as consoleSink()")),
  log: z.enum(["all", "denies", "none"]).optional(),
  sample: z.number().min(0).max(1).optional(),
  explain: z.enum(["denies", "all", "none"]).optional(),
  maskPrincipal: z.enum(["none", "hash"]).optional(),
  maskPrincipalKey: z.string().min(1).optional(),
  mask: z.array(MaskRule).optional(),
  drop: z.array(DropFilter).optional(),
  policyMask: z.boolean().optional(),
  policyDrop: z.boolean().optional(),
  queueEvents: z.int().min(1).max(10_000_000).optional(),
  queueBytes: z.int().min(1_024).optional(),
  sinkBytes: z.int().min(1_048_576).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  bundle: z.string().min(1).optional(),
  hooks: z
    .strictObject({
      now: aFunction.optional(),
      clock: aFunction.optional(),
      random: aFunction.optional(),
      timers: timersOption.optional(),
      newId: aFunction.optional(),
    })
    .optional(),
})
