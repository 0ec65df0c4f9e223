import { unavailable } from "../model/unavailable.js"
import { activateBundle, digestOf, type ActivatedBundle } from "./bundle-activation.js"
import type { BundlePdpOptions } from "./bundle-options.js"
import type { BundleState } from "./bundle-state.js"
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

  return {
    look: async (waitMs, signal) => {
      lastLook = now()
      // Without a tag the bundle comes again, and can be kept.
      const have = kept && activated && !isKept ? undefined : activated?.tag
      const answer = await feed.read({ have, waitMs, signal })
      if (answer.kind === "unchanged") {
        await confirmKept()
        if (activated) activated = { ...activated, fromDisk: false }
        return "unchanged"
      }
      if (activated && digestOf(answer) === activated.digest) {
        activated = { ...activated, tag: answer.tag, fromDisk: false }
        if (isKept) await confirmKept()
        else await keep(answer.bytes)
        return "unchanged"
      }
      activated = { ...(await activateBundle(feed, options, state, answer, "feed", signal)), at: now(), fromDisk: false }
      isKept = false
      await keep(answer.bytes)
      return "news"
    },
    takeKept: async (signal) => {
      if (activated) return undefined
      const found = await kept?.read()
      if (!found) return undefined
      const packed = { kind: "bundle" as const, bytes: found.bytes, tag: `"${digestOf(found)}"` }
      activated = { ...(await activateBundle(feed, options, state, packed, "disk", signal)), at: now(), fromDisk: true }
      isKept = true
      return found.takenAt
    },
    activated: () => activated,
    lastLook: () => lastLook,
  }
}
