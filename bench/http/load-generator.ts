import autocannon from "autocannon"
import { quantile } from "../statistics.js"
import { cpuMs, type ServerProcess } from "../server-process.js"

/** One server that gets load. */
export interface LoadTarget {
  readonly name: string
  readonly server: ServerProcess
  /** Sent in turn. */
  readonly requests: readonly LoadRequest[]
  /** How each must be answered. Default 200. */
  readonly status?: number
}

/** One request. */
export interface LoadRequest {
  readonly method: "GET" | "POST"
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** JSON texts, posted to one path. */
export function posts(path: string, bodies: readonly string[]): readonly LoadRequest[] {
  return bodies.map((body) => ({ method: "POST", path, headers: { "content-type": "application/json" }, body }))
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
 * @throws {Error} when any request was answered otherwise than it must be
 */
export async function loadRound(
  { name, server, requests, status: wanted = 200 }: LoadTarget,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const latencies: number[] = []
  let refusals = 0
  const cpuBefore = cpuMs(server.pid)
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(
      {
        url: server.url,
        connections,
        duration: seconds,
        requests: requests.map((request) => ({ ...request })),
      },
      (error: Error | null, done) => (error ? reject(error) : resolve(done)),
    )
    instance.on("response", (_client, status, _bytes, ms) => {
      latencies.push(ms)
      if (status !== wanted) refusals++
    })
  })
  const cpu = cpuMs(server.pid) - cpuBefore
  if (result.errors > 0 || refusals > 0) throw new Error(`${name}: ${result.errors} errors and ${refusals} refusals under load`)
  const sorted = Float64Array.from(latencies).sort()
  const count = sorted.length
  return { perSecond: count / result.duration, cpuMicroseconds: (cpu * 1_000) / count, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
}
