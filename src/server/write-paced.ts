import type { ServerResponse } from "node:http"
import { unrefTimers, type Timers } from "../model/timers.js"

/** How slow a client may be. */
export interface Pace {
  readonly timers?: Timers
  /** Bytes that it must have taken each time that so many milliseconds have passed. Default 480 KiB in 30 seconds. */
  readonly leastBytes?: number
  readonly everyMs?: number
  /** For everything together. Default 10 minutes: whoever takes longer holds on to what nobody else wants any more. */
  readonly longestMs?: number
}

/** Writes a body piece by piece, as the client takes it, and ends the response; destroys it for who is too slow. */
export function writePaced(response: ServerResponse, body: Uint8Array, pace: Pace = {}): void {
  const { timers = unrefTimers, leastBytes = 491_520, everyMs = 30_000, longestMs = 600_000 } = pace
  let written = 0
  let isOver = false
  const write = (): void => {
    if (isOver) return
    while (written < body.length) {
      const piece = body.subarray(written, written + pieceBytes)
      written += piece.length
      if (!response.write(piece) && written < body.length) return void response.once("drain", write)
    }
    response.end()
  }
  const watch = (before: number): (() => void) =>
    timers.after(everyMs, () => {
      if (written - before < leastBytes) response.destroy()
      else cancelWatch = watch(written)
    })
  let cancelWatch = watch(0)
  const cancelEnd = timers.after(longestMs, () => response.destroy())
  response.once("close", () => {
    isOver = true
    cancelWatch()
    cancelEnd()
  })
  write()
}

const pieceBytes = 65_536
