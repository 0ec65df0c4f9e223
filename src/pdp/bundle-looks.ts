import { PdpError } from "../errors.js"
import { activateBundle, digestOf, readPacked, type ActivatedBundle, type BundleArrival } from "./bundle-activation.js"
import { bundleKeeping } from "./bundle-keeping.js"
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
  /** Keeps nothing any more. */
  stop(): Promise<void>
  /** What decides; undefined before. */
  activated(): (ActivatedBundle & { readonly at: number; readonly fromDisk: boolean }) | undefined
  /** When there was the last look, in ms since the epoch. */
  lastLook(): number | undefined
}

/** @param unkept the bundle could not be kept on disk, which is tried again; must not throw */
export function bundleLooks(options: BundlePdpOptions, state: BundleState, unkept: (error: Error) => void): BundleLooks {
  const { bundle: feed } = options
  const { now } = feed.surroundings
  const kept = feed.persistFile === undefined ? undefined : keptBundle(feed.persistFile, feed.maxBytes, now)
  const deltas = deltaChoice(feed.verify === undefined && feed.takesEdits !== true, now)
  let activated: ReturnType<BundleLooks["activated"]>
  let lastLook: number | undefined
  let turn: Promise<unknown> = Promise.resolve()
  const keeping = bundleKeeping(kept, feed.surroundings, unkept)

  /** What comes from the disk and what comes from the place decide one after the other. */
  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const mine = turn.then(work)
    turn = mine.catch(() => undefined)
    return mine
  }
  const questionOf = (waitMs: number, signal: AbortSignal): BundleQuestion => {
    const isWhole = deltas.mustBeWhole() || (!keeping.isHeld() && !deltas.mayKeepLater())
    // Without a tag the bundle comes again, whole, and can be kept.
    const have = isWhole ? undefined : activated?.tag
    const isUnkept = kept !== undefined && deltas.mayKeepLater()
    return { have, takesDelta: have !== undefined && deltas.mayBeDelta(), waitMs: isUnkept ? Math.min(waitMs, quietMs) : waitMs, signal }
  }
  /** @returns whether anything decides otherwise than before */
  const activate = async (packed: PackedBundle, arrival: BundleArrival): Promise<boolean> => {
    const before = state.current()?.active
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
    return state.current()?.active !== before
  }

  return {
    look: async (waitMs, signal) => {
      lastLook = now()
      const question = questionOf(waitMs, signal)
      const base = question.takesDelta ? activated : undefined
      const answer = await feed.read(question)
      return inTurn(async () => {
        deltas.answered(answer.kind)
        if (answer.kind === "unchanged") {
          if (activated?.type !== "delta") await keeping.confirmed()
          if (activated) activated = { ...activated, fromDisk: false }
          return "unchanged"
        }
        if (activated?.digest !== undefined && digestOf(answer) === activated.digest) {
          activated = { ...activated, tag: answer.tag, fromDisk: false }
          await keeping.confirmed(answer.bytes)
          return "unchanged"
        }
        const isNews = await activate(answer, { from: "feed", signal, base })
        await keeping.changed(activated?.type === "delta" ? undefined : answer.bytes)
        return isNews ? "news" : "unchanged"
      })
    },
    takeKept: async (signal) => {
      const found = activated ? undefined : await kept?.read()
      if (!found) return undefined
      return inTurn(async () => {
        if (activated) return undefined
        const packed = { kind: "bundle" as const, bytes: found.bytes, tag: `"${digestOf(found)}"` }
        await activate(packed, { from: "disk", signal, base: undefined })
        keeping.tookKept()
        return found.takenAt
      })
    },
    stop: keeping.stop,
    activated: () => activated,
    lastLook: () => lastLook,
  }
}

/** After deltas, when nothing has changed for so long, the whole bundle is due for the disk. */
const quietMs = 2_000

function isOfPatch(thrown: unknown): boolean {
  return thrown instanceof PdpError && (thrown.reason === "patch_invalid" || thrown.reason === "outside_roots")
}
