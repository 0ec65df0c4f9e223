import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Extent } from "../extent.js"
import { progress } from "../progress.js"
import { figure, type Row } from "../row.js"
import { peakResidentMb, residentMb } from "../server-process.js"
import { median } from "../statistics.js"
import { startPublisher, type Publisher } from "./start-publisher.js"
import { Answered } from "./waiters-messages.js"

/** What one change costs when thousands of OPAs wait for it, in snapshots and in deltas. */
export async function waiterRows({ isQuick }: Extent): Promise<readonly Row[]> {
  const count = isQuick ? 200 : 5_000
  const rows: Row[] = []
  for (const [kind, modes] of [
    ["snapshots", "snapshot"],
    ["deltas", "snapshot,delta"],
  ] as const) {
    const rounds: Round[] = []
    for (let round = 0; round < (isQuick ? 1 : 3); round++) {
      progress(`bundles: ${count} wait for ${kind}, round ${round + 1}`)
      const publisher = await startPublisher(1_000)
      try {
        rounds.push(await woken(publisher, count, modes))
      } finally {
        await publisher.stop()
      }
    }
    rows.push(...rowsOf(`${count.toLocaleString("en-US")} connections wait for news of 1 k bindings`, kind, rounds))
  }
  return rows
}

interface Round {
  readonly ms: number
  readonly megabytes: number
  readonly addedMb: number
  readonly peakMb: number
}

async function woken(publisher: Publisher, count: number, modes: string): Promise<Round> {
  const response = await fetch(`${publisher.url}/bundles/authz.tar.gz`, { headers: { "X-NMP-Principal-Id": "service:opa" } })
  await response.arrayBuffer()
  const before = residentMb(publisher.pid)
  const args = [new URL(publisher.url).port, String(count), response.headers.get("ETag") ?? "", modes]
  const waiters = fork(fileURLToPath(new URL("./waiters.js", import.meta.url)), args, { stdio: ["ignore", "ignore", "inherit", "ipc"] })
  const answered = once(waiters, "message")
  const failed = once(waiters, "exit").then(([code]) => Promise.reject(new Error(`the waiters ended with ${code}`)))
  await Promise.race([publisher.waitsWith(count), failed])
  const waiting = residentMb(publisher.pid)
  const { atMs } = await publisher.grant()
  const [message] = await Promise.race([answered, failed])
  const told = Answered.parse(message)
  failed.catch(() => undefined)
  return { ms: told.atMs - atMs, megabytes: told.bytes / 1e6, addedMb: waiting - before, peakMb: peakResidentMb(publisher.pid) - before }
}

function rowsOf(what: string, kind: string, rounds: readonly Round[]): readonly Row[] {
  const numbers = (member: keyof Round): readonly number[] => rounds.map((round) => round[member])
  const sent = `${median(numbers("megabytes")).toFixed(1)} MB sent`
  const most = `${Math.round(median(numbers("peakMb")))} MB at most while it answers`
  return [
    { part: "bundles", what: `${what}, grant until the last byte of the last of their ${kind}`, note: sent, ...figure(numbers("ms"), "ms") },
    { part: "bundles", what: `${what}, memory they add`, note: most, ...figure(numbers("addedMb"), "MB") },
  ]
}
