import { z } from "zod"

/** Something that can wake up later; replaced in tests. */
export interface Timers {
  /** Runs `run` once, in `ms` milliseconds. @returns forgets it; does nothing once it has run */
  after(ms: number, run: () => void): () => void
}

/** Node's timers. They do not keep the process alive. */
export const unrefTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Keeps the process alive until this settles. For what is awaited at an end and may depend on {@link unrefTimers}, when nothing else keeps it alive. */
export async function keptAlive<Value>(work: Promise<Value>): Promise<Value> {
  const alive = setInterval(() => undefined, longestPauseMs)
  try {
    return await work
  } finally {
    clearInterval(alive)
  }
}

/** What Node's timers can do. */
const longestPauseMs = 2_147_483_647

/** {@link Timers}, for schemas of options. */
export const timersOption = z.custom<Timers>(
  (value) => typeof value === "object" && value !== null && "after" in value && typeof value.after === "function",
  "must have a function `after`",
)
