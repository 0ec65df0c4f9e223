import { monitorEventLoopDelay } from "node:perf_hooks"
import { setTimeout as pause } from "node:timers/promises"

const resolutionMs = 1
const settleMs = 20

/** Watches the event loop from now on. @returns ends it, and gives for how long at most the loop did not turn, in milliseconds */
export function watchStalls(): () => Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  return async () => {
    await pause(settleMs)
    delay.disable()
    return Math.max(0, delay.max / 1e6 - resolutionMs)
  }
}
