import { setTimeout as pause } from "node:timers/promises"
import { ring } from "../ring.js"
import { atMost, type Row } from "../row.js"
import type { Arena } from "./arena.js"

const decisions = 1_000_000
const idleMs = 1_000

/** P13: resident memory after a million decisions, to what it was before. Both times after warming up, collecting garbage and idling. */
export async function steadiness({ world, pdp }: Arena): Promise<readonly Row[]> {
  const question = ring(world.questions)
  const decide = (count: number) => {
    for (let at = 0; at < count; at++) pdp.authorize(question(at).request)
  }
  decide(decisions / 10)
  const before = await residentMb()
  decide(decisions)
  const after = await residentMb()
  const grown = after / before
  const what = "resident memory after 1 M decisions and idling"
  return [
    { part: "decision", what, value: after, unit: "MB", ratio: grown, to: `${Math.round(before)} MB before`, ...atMost("P13", 1.05, "×", grown) },
  ]
}

async function residentMb(): Promise<number> {
  globalThis.gc?.()
  await pause(idleMs)
  return process.memoryUsage.rss() / 1e6
}
