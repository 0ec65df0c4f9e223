import autocannon from "autocannon"
import { quantile } from "../statistics.js"
import { cpuMs, type ServerProcess } from "../server-process.js"

/** One endpoint that gets load. */
export interface LoadTarget {
  readonly name: string
  readonly server: ServerProcess
  readonly path: string
  /** JSON texts, sent in turn. */
  readonly bodies: readonly string[]
}

/** What one round of load showed. */
export interface LoadResult {
  readonly perSecond: number
  /** CPU time of the server per request, in microseconds. */
  readonly cpuMicroseconds: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

/**
 * Keeps that many connections busy, each with one request at a time.
 *
 * @throws {Error} when any request was not answered with 200
 */
export async function loadRound({ name, server, path, bodies }: LoadTarget, connections: number, seconds: number): Promise<LoadResult> {
  const latencies: number[] = []
  const cpuBefore = cpuMs(server.pid)
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(
      {
        url: server.url,
        connections,
        duration: seconds,
        requests: bodies.map((body) => ({ method: "POST", path, headers: { "content-type": "application/json" }, body })),
      },
      (error: Error | null, done) => (error ? reject(error) : resolve(done)),
    )
    instance.on("response", (_client, _status, _bytes, ms) => latencies.push(ms))
  })
  const cpu = cpuMs(server.pid) - cpuBefore
  if (result.errors > 0 || result.non2xx > 0) throw new Error(`${name}: ${result.errors} errors and ${result.non2xx} refusals under load`)
  const sorted = Float64Array.from(latencies).sort()
  const count = sorted.length
  return { perSecond: count / result.duration, cpuMicroseconds: (cpu * 1_000) / count, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
}
