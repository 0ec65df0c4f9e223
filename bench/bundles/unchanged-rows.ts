import { fileURLToPath } from "node:url"
import type { Extent } from "../extent.js"
import { loadRound, type LoadResult, type LoadTarget } from "../http/load-generator.js"
import { progress } from "../progress.js"
import { figure, ratio, type Row } from "../row.js"
import { startPrinting } from "../server-process.js"
import { median } from "../statistics.js"
import { startPublisher } from "./start-publisher.js"

const connections = 16

/** What it costs to tell an OPA that it has the newest bundle, beside a bare echo. */
export async function unchangedRows({ isQuick }: Extent): Promise<readonly Row[]> {
  progress("bundles: conditional requests")
  const publisher = await startPublisher(1_000)
  const echo = await startPrinting(process.execPath, [fileURLToPath(new URL("../http/echo-server.js", import.meta.url))])
  try {
    const asking = { "X-NMP-Principal-Id": "service:opa" }
    const path = "/bundles/authz.tar.gz"
    const etag = (await fetch(`${publisher.url}${path}`, { headers: asking })).headers.get("ETag") ?? ""
    const unchanged: LoadTarget = {
      name: "304",
      server: { ...publisher, readyMs: 0 },
      requests: [{ method: "GET", path, headers: { ...asking, "If-None-Match": etag } }],
      status: 304,
    }
    const echoed: LoadTarget = { name: "echo", server: echo, requests: [{ method: "GET", path }] }
    return rowsOf(await rounds(unchanged, isQuick), await rounds(echoed, isQuick))
  } finally {
    await publisher.stop()
    await echo.stop()
  }
}

async function rounds(target: LoadTarget, isQuick: boolean): Promise<readonly LoadResult[]> {
  const seconds = isQuick ? 0.2 : 1
  await loadRound(target, connections, isQuick ? seconds : 3)
  const results: LoadResult[] = []
  for (let round = 0; round < (isQuick ? 1 : 5); round++) results.push(await loadRound(target, connections, seconds))
  return results
}

function rowsOf(unchanged: readonly LoadResult[], echoed: readonly LoadResult[]): readonly Row[] {
  const what = `GET of a bundle that is unchanged, 304, ${connections} connections`
  const latency = `p50 ${median(numbers(unchanged, "p50")).toFixed(2)} ms, p99 ${median(numbers(unchanged, "p99")).toFixed(2)} ms`
  const perCore = (results: readonly LoadResult[]): readonly number[] => numbers(results, "cpuMicroseconds").map((each) => 1e6 / each)
  return [
    {
      part: "bundles",
      what,
      note: latency,
      ...figure(numbers(unchanged, "perSecond"), "per s"),
      ...ratio(numbers(unchanged, "perSecond"), numbers(echoed, "perSecond"), "echo"),
    },
    { part: "bundles", what: `${what}, per core`, ...figure(perCore(unchanged), "per s"), ...ratio(perCore(unchanged), perCore(echoed), "echo") },
  ]
}

function numbers(results: readonly LoadResult[], member: keyof LoadResult): readonly number[] {
  return results.map((result) => result[member])
}
