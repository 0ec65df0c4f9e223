import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client"
import { addDecisionLogMetrics, type DecisionLogReading } from "./decision-log-metrics.js"
import { createDurations } from "./durations.js"

/** What gauges show about the data behind decisions; read once per scrape. */
export interface DataReading {
  readonly bindings: number
  /** Those that name a role which the authorization data does not have. */
  readonly bindingsOfUnknownRoles: number
  /** Absent while there is no data. */
  readonly revisionSequence?: number
  /** Requests for bundles that wait for news. */
  readonly waitingPolls: number
  /** The OPAs that are known, by how they are. */
  readonly opas: () => ReadonlyMap<string, number>
  readonly ages: readonly { readonly source: string; readonly seconds: number }[]
}

/** Everything that is counted. Each set has a registry of its own, so that several may live in one process. */
export interface Metrics {
  /** One decision: how an entrypoint answered. */
  decided(entrypoint: string, result: "allow" | "deny" | "error"): void
  /** One HTTP exchange. `route` is a template, never a path from outside. */
  answered(route: string, method: string, status: number, seconds: number): void
  failed(code: string): void
  /** One request that a gateway asked about. */
  gatewayAnswered(gateway: string, outcome: "allowed" | "preflight" | "denied" | "shadow_denied" | "failed"): void
  refreshed(outcome: "activation" | "failure"): void
  /** Prometheus' text format. */
  text(): Promise<string>
  readonly contentType: string
}

/** Creates metrics. @param read called at every scrape; cheap @param readDecisionLog the same, where there is a decision log */
export function createMetrics(read: () => DataReading, readDecisionLog?: () => DecisionLogReading): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const durations = createDurations("portcullis_http_request_duration_seconds")
  const decisions = decisionTally(registers)
  const errors = new Counter({ name: "portcullis_errors_total", help: "Answers that carry an error, by code.", labelNames: ["code"], registers })
  const refreshes = new Counter({
    name: "portcullis_refreshes_total",
    help: "Activations of new data, and refreshes that failed.",
    labelNames: ["outcome"],
    registers,
  })
  const gatewayDecisions = new Counter({
    name: "portcullis_gateway_decisions_total",
    help: "What became of the requests that gateways asked about.",
    labelNames: ["gateway", "outcome"],
    registers,
  })
  addDataGauges(registers, read)
  if (readDecisionLog) addDecisionLogMetrics(registers, readDecisionLog)

  return {
    decided: decisions,
    answered: durations.observe,
    failed: (code) => errors.inc({ code }),
    gatewayAnswered: (gateway, outcome) => gatewayDecisions.inc({ gateway, outcome }),
    refreshed: (outcome) => refreshes.inc({ outcome }),
    text: async () => `${await registry.metrics()}\n${durations.text()}`,
    contentType: registry.contentType,
  }
}

/** Counts in plain maps, because every decision passes here, and hands over at a scrape. */
function decisionTally(registers: Registry[]): Metrics["decided"] {
  const tallies = new Map<string, Record<"allow" | "deny" | "error", number>>()
  new Counter({
    name: "portcullis_decisions_total",
    help: "Decisions by entrypoint and result.",
    labelNames: ["entrypoint", "result"],
    registers,
    collect() {
      this.reset()
      for (const [entrypoint, counts] of tallies) for (const result of results) this.inc({ entrypoint, result }, counts[result])
    },
  })
  return (entrypoint, result) => {
    const counts = tallies.get(entrypoint)
    if (counts) counts[result]++
    else tallies.set(entrypoint, { allow: 0, deny: 0, error: 0, [result]: 1 })
  }
}

const results = ["allow", "deny", "error"] as const

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
    name: "portcullis_bindings_unknown_role",
    help: "Role bindings that name a role which the authorization data does not have.",
    registers,
    collect() {
      this.set(read().bindingsOfUnknownRoles)
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
    name: "portcullis_bundle_polls_waiting",
    help: "Requests for bundles that wait for news.",
    registers,
    collect() {
      this.set(read().waitingPolls)
    },
  })
  new Gauge({
    name: "portcullis_fleet_opas",
    help: "OPAs that take bundles from this process, by state.",
    labelNames: ["state"],
    registers,
    collect() {
      this.reset()
      for (const [state, count] of read().opas()) this.set({ state }, count)
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
