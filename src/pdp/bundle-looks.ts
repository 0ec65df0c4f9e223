import { PdpError } from "../errors.js"
import { unavailable } from "../model/unavailable.js"
import { activateBundle, digestOf, readPacked, type ActivatedBundle, type BundleArrival } from "./bundle-activation.js"
import type { BundleQuestion, PackedBundle } from "./bundle-feed.js"
import type { BundlePdpOptions } from "./bundle-options.js"
import type { BundleState } from "./bundle-state.js"
import { deltaChoice } from "./delta-choice.js"
import { keptBundle } from "./kept-bundle.js"

/** Looks for bundles, takes them, and keeps the last good one on disk. */
export interface BundleLooks {
  /** See `BundlePollingOptions.look`. */
  look(waitMs: number, signal: AbortSignal): Promise<"news" | "unchanged">
  /** Lets the bundle on disk decide, when nothing does yet. @returns when it was the last good one, in ms since the epoch; undefined: there is none */
  takeKept(signal: AbortSignal): Promise<number | undefined>
  /** What decides; undefined before. */
  activated(): (ActivatedBundle & { readonly at: number; readonly fromDisk: boolean }) | undefined
  /** When there was the last look, in ms since the epoch. */
  lastLook(): number | undefined
}

/** @param unkept the bundle could not be kept on disk; must not throw */
export function bundleLooks(options: BundlePdpOptions, state: BundleState, unkept: (error: Error) => void): BundleLooks {
  const { bundle: feed } = options
  const { now } = feed.surroundings
  const kept = feed.persistFile === undefined ? undefined : keptBundle(feed.persistFile, feed.maxBytes, now)
  const deltas = deltaChoice(feed.verify === undefined && feed.takesEdits !== true, now)
  let activated: ReturnType<BundleLooks["activated"]>
  let isKept = false
  let lastLook: number | undefined

  const keep = async (bytes: Uint8Array): Promise<void> => {
    try {
      await kept?.write(bytes)
      isKept = true
    } catch (thrown) {
      unkept(thrown instanceof Error ? thrown : unavailable("the bundle is not kept", "check the disk", thrown))
    }
  }
  const confirmKept = async (): Promise<void> => {
    try {
      isKept = (await kept?.confirm()) ?? true
    } catch (thrown) {
      unkept(thrown instanceof Error ? thrown : unavailable("the bundle is not kept", "check the disk", thrown))
    }
  }
  const questionOf = (waitMs: number, signal: AbortSignal): BundleQuestion => {
    const isWhole = deltas.mustBeWhole() || (kept !== undefined && !isKept && !deltas.mayKeepLater())
    // Without a tag the bundle comes again, whole, and can be kept.
    const have = isWhole ? undefined : activated?.tag
    return { have, takesDelta: have !== undefined && deltas.mayBeDelta(), waitMs, signal }
  }
  const activate = async (packed: PackedBundle, arrival: BundleArrival): Promise<void> => {
    let type: ActivatedBundle["type"] | undefined
    try {
      const bundle = await readPacked(feed, packed)
      type = bundle.type
      activated = { ...(await activateBundle(options, state, packed, bundle, arrival)), at: now(), fromDisk: arrival.from === "disk" }
    } catch (thrown) {
      const isDelta = type === "delta" || (type === undefined && arrival.base !== undefined && isOfPatch(thrown))
      if (isDelta && !arrival.signal.aborted) deltas.failed()
      throw thrown
    }
    deltas.taken(activated.type)
  }

  return {
    look: async (waitMs, signal) => {
      lastLook = now()
      const question = questionOf(waitMs, signal)
      const answer = await feed.read(question)
      deltas.answered(answer.kind)
      if (answer.kind === "unchanged") {
        if (activated?.type !== "delta") await confirmKept()
        if (activated) activated = { ...activated, fromDisk: false }
        return "unchanged"
      }
      if (activated?.digest !== undefined && digestOf(answer) === activated.digest) {
        activated = { ...activated, tag: answer.tag, fromDisk: false }
        if (isKept) await confirmKept()
        else await keep(answer.bytes)
        return "unchanged"
      }
      await activate(answer, { from: "feed", signal, base: question.takesDelta ? activated : undefined })
      isKept = false
      if (activated?.type !== "delta") await keep(answer.bytes)
      return "news"
    },
    takeKept: async (signal) => {
      if (activated) return undefined
      const found = await kept?.read()
      if (!found) return undefined
      const packed = { kind: "bundle" as const, bytes: found.bytes, tag: `"${digestOf(found)}"` }
      await activate(packed, { from: "disk", signal, base: undefined })
      isKept = true
      return found.takenAt
    },
    activated: () => activated,
    lastLook: () => lastLook,
  }
}

function isOfPatch(thrown: unknown): boolean {
  return thrown instanceof PdpError && (thrown.reason === "patch_invalid" || thrown.reason === "outside_roots")
}
