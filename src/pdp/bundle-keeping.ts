import { unavailable } from "../model/unavailable.js"
import type { Surroundings } from "./bundle-feed.js"
import type { KeptBundle } from "./kept-bundle.js"

/** Keeps the last good bundle on disk, and tries again for as long as that fails. */
export interface BundleKeeping {
  /** The bundle that decides is on disk, or will be once that can be written. */
  isHeld(): boolean
  /** A bundle decides. @param bytes as it came; undefined: a delta, which is not kept */
  changed(bytes: Uint8Array | undefined): Promise<void>
  /** The one on disk decides. */
  tookKept(): void
  /** The bundle that decides is still the last good one. @param bytes when it came again */
  confirmed(bytes?: Uint8Array): Promise<void>
  /** Tries no more, and waits for what is being written. */
  stop(): Promise<void>
}

/** @param kept undefined: nothing is kept @param unkept the bundle could not be kept; must not throw */
export function bundleKeeping(kept: KeptBundle | undefined, { timers }: Pick<Surroundings, "timers">, unkept: (error: Error) => void): BundleKeeping {
  let isKept = kept === undefined
  let due: Uint8Array | undefined
  let failures = 0
  let cancelRetry = (): void => undefined
  let writing: Promise<void> = Promise.resolve()
  let stopped = false
  const failed = (thrown: unknown): void => unkept(thrown instanceof Error ? thrown : unavailable("the bundle is not kept", "check the disk", thrown))

  const write = async (bytes: Uint8Array): Promise<void> => {
    if (due !== bytes || stopped) return
    try {
      await kept?.write(bytes)
      failures = 0
      if (due === bytes) [isKept, due] = [true, undefined]
    } catch (thrown) {
      failed(thrown)
      if (due !== bytes || stopped) return
      cancelRetry()
      cancelRetry = timers.after(Math.min(firstPauseMs * 2 ** failures++, longestPauseMs), () => void keep(bytes))
    }
  }
  /** One after the other: an older bundle must not come to lie over a newer one. */
  const keep = (bytes: Uint8Array): Promise<void> => (writing = writing.then(() => write(bytes)))
  const changed = async (bytes: Uint8Array | undefined): Promise<void> => {
    if (!kept) return
    cancelRetry()
    ;[isKept, due, failures] = [false, bytes, 0]
    if (bytes) await keep(bytes)
  }

  return {
    isHeld: () => isKept || due !== undefined,
    changed,
    tookKept: () => {
      isKept = true
    },
    confirmed: async (bytes) => {
      if (bytes && !isKept && due === undefined) return changed(bytes)
      if (!isKept) return
      try {
        isKept = (await kept?.confirm()) ?? true
      } catch (thrown) {
        failed(thrown)
      }
    },
    stop: async () => {
      stopped = true
      cancelRetry()
      await writing
    },
  }
}

const firstPauseMs = 1_000
const longestPauseMs = 60_000
