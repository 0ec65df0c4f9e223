/** How long exchanges took, by handler, method and status: a Prometheus histogram that costs a few map lookups per observation. */
export interface Durations {
  observe(handler: string, method: string, code: number, seconds: number): void
  /** Prometheus' text format. */
  text(): string
}

/** Creates an empty histogram of that name. */
export function createDurations(name: string): Durations {
  const handlers = new Map<string, Map<string, Map<number, Series>>>()
  return {
    observe(handler, method, code, seconds) {
      const series = handlers.get(handler)?.get(method)?.get(code) ?? addSeries(handlers, handler, method, code)
      series.count++
      series.sum += seconds
      let at = 0
      while (at < buckets.length && seconds > (buckets[at] ?? Infinity)) at++
      series.counts[at] = (series.counts[at] ?? 0) + 1
    },
    text() {
      const lines = [`# HELP ${name} Time from request head to the end of the answer.`, `# TYPE ${name} histogram`]
      for (const [handler, byMethod] of handlers)
        for (const [method, byCode] of byMethod)
          for (const [code, series] of byCode) lines.push(...seriesLines(name, `handler="${handler}",method="${method}",code="${code}"`, series))
      return `${lines.join("\n")}\n`
    },
  }
}

interface Series {
  count: number
  sum: number
  /** Per bucket, not cumulated; the last one is for what is slower than every bound. */
  readonly counts: number[]
}

/** Upper bounds in seconds. */
const buckets = [1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.1, 1, 5]

function addSeries(handlers: Map<string, Map<string, Map<number, Series>>>, handler: string, method: string, code: number): Series {
  const byMethod = handlers.get(handler) ?? new Map<string, Map<number, Series>>()
  const byCode = byMethod.get(method) ?? new Map<number, Series>()
  const series = { count: 0, sum: 0, counts: Array.from({ length: buckets.length + 1 }, () => 0) }
  handlers.set(handler, byMethod.set(method, byCode.set(code, series)))
  return series
}

function seriesLines(name: string, labels: string, { count, sum, counts }: Series): readonly string[] {
  let below = 0
  const bounds = buckets.map((bound, at) => `${name}_bucket{${labels},le="${bound}"} ${(below += counts[at] ?? 0)}`)
  return [...bounds, `${name}_bucket{${labels},le="+Inf"} ${count}`, `${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${count}`]
}
