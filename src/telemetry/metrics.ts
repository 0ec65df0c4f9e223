import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client"

/** What gauges show about the data behind decisions; read once per scrape. */
export interface DataReading {
  readonly bindings: number
  /** Absent while there is no data. */
  readonly revisionSequence?: number
  readonly ages: readonly { readonly source: string; readonly seconds: number }[]
}

/** Everything that is counted. Each set has a registry of its own, so that several may live in one process. */
export interface Metrics {
  /** One decision: how an entrypoint answered. */
  decided(entrypoint: string, result: "allow" | "deny" | "error"): void
  /** One HTTP exchange. `route` is a template, never a path from outside. */
  answered(route: string, method: string, status: number, seconds: number): void
  failed(code: string): void
  refreshed(outcome: "activation" | "failure"): void
  /** Prometheus' text format. */
  text(): Promise<string>
  readonly contentType: string
}

/** Creates metrics. @param read called at every scrape; cheap */
export function createMetrics(read: () => DataReading): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const decisions = new Counter({
    name: "portcullis_decisions_total",
    help: "Decisions by entrypoint and result.",
    labelNames: ["entrypoint", "result"],
    registers,
  })
  const durations = new Histogram({
    name: "portcullis_http_request_duration_seconds",
    help: "Time from request head to the end of the answer.",
    labelNames: ["handler", "method", "code"],
    buckets: [1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.1, 1, 5],
    registers,
  })
  const errors = new Counter({ name: "portcullis_errors_total", help: "Answers that carry an error, by code.", labelNames: ["code"], registers })
  const refreshes = new Counter({
    name: "portcullis_refreshes_total",
    help: "Activations of new data, and refreshes that failed.",
    labelNames: ["outcome"],
    registers,
  })
  addDataGauges(registers, read)

  return {
    decided: (entrypoint, result) => decisions.inc({ entrypoint, result }),
    answered: (handler, method, code, seconds) => durations.observe({ handler, method, code }, seconds),
    failed: (code) => errors.inc({ code }),
    refreshed: (outcome) => refreshes.inc({ outcome }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

function addDataGauges(registers: Registry[], read: () => DataReading): void {
  new Gauge({
    name: "portcullis_bindings",
    help: "Role bindings in memory.",
    registers,
    collect() {
      this.set(read().bindings)
    },
  })
  new Gauge({
    name: "portcullis_revision_sequence",
    help: "The sequence part of the active revision.",
    registers,
    collect() {
      this.set(read().revisionSequence ?? 0)
    },
  })
  new Gauge({
    name: "portcullis_data_age_seconds",
    help: "Seconds since a source last answered.",
    labelNames: ["source"],
    registers,
    collect() {
      this.reset()
      for (const age of read().ages) this.set({ source: age.source }, age.seconds)
    },
  })
}
