import { Counter, Gauge, type Registry } from "prom-client"

/** How a decision log fares; read once per scrape and metric. A `DecisionLogStatus` is one. */
export interface DecisionLogReading {
  readonly recorded: number
  readonly received: number
  readonly queued: Amount
  /** By cause. */
  readonly dropped: Readonly<Record<string, number>>
  readonly unexplained: number
  readonly sinks: readonly SinkReading[]
}

/** How one of its sinks fares. */
export interface SinkReading {
  readonly name: string
  readonly written: number
  readonly queued: Amount
  readonly spooled?: Amount
  /** By cause. */
  readonly dropped: Readonly<Record<string, number>>
  readonly failures: number
  readonly failing?: string
}

interface Amount {
  readonly events: number
  readonly bytes: number
}

/** Adds the metrics of a decision log. What is counted elsewhere is handed over at a scrape. */
export function addDecisionLogMetrics(registers: Registry[], read: () => DecisionLogReading): void {
  const named = (suffix: string, help: string, labelNames: readonly string[]) => ({ name: `${prefix}${suffix}`, help, labelNames, registers })
  const counter = (suffix: string, help: string, labelNames: readonly string[], rows: Rows): void => {
    new Counter({
      ...named(suffix, help, labelNames),
      collect() {
        this.reset()
        for (const { value, ...labels } of rows(read())) this.inc(labels, value)
      },
    })
  }
  const gauge = (suffix: string, help: string, labelNames: readonly string[], rows: Rows): void => {
    new Gauge({
      ...named(suffix, help, labelNames),
      collect() {
        this.reset()
        for (const { value, ...labels } of rows(read())) this.inc(labels, value)
      },
    })
  }
  counter("events_total", "Events noted: decisions of this process, and what OPAs sent.", ["from"], ({ recorded, received }) => [
    { from: "here", value: recorded },
    { from: "opas", value: received },
  ])
  counter("dropped_total", "Events that no sink gets, by cause.", ["cause"], ({ dropped }) => causes(dropped))
  counter("unexplained_total", "Denials without reasons, because too much was to do.", [], ({ unexplained }) => [{ value: unexplained }])
  gauge("queued_events", "Events that wait to be made.", [], ({ queued }) => [{ value: queued.events }])
  gauge("queued_bytes", "Bytes that these hold.", [], ({ queued }) => [{ value: queued.bytes }])
  const bySink = (value: (sink: SinkReading) => number | undefined): Rows => {
    return ({ sinks }) => sinks.flatMap((sink) => rowOf(sink, value(sink)))
  }
  counter(
    "sink_written_total",
    "Events that a sink has taken; of uploads, that the server has.",
    ["sink"],
    bySink(({ written }) => written),
  )
  counter("sink_dropped_total", "Events that a sink has not got, by cause.", ["sink", "cause"], ({ sinks }) =>
    sinks.flatMap(({ name, dropped }) => causes(dropped).map((row) => ({ ...row, sink: name }))),
  )
  counter(
    "sink_failures_total",
    "Attempts of a sink that failed.",
    ["sink"],
    bySink(({ failures }) => failures),
  )
  gauge(
    "sink_failing",
    "1 while a sink fails.",
    ["sink"],
    bySink(({ failing }) => (failing === undefined ? 0 : 1)),
  )
  gauge(
    "sink_queued_events",
    "Events that wait for a sink, and in it.",
    ["sink"],
    bySink(({ queued }) => queued.events),
  )
  gauge(
    "sink_queued_bytes",
    "Bytes that these hold.",
    ["sink"],
    bySink(({ queued }) => queued.bytes),
  )
  gauge(
    "sink_spooled_events",
    "Of these, events ready for an upload.",
    ["sink"],
    bySink(({ spooled }) => spooled?.events),
  )
  gauge(
    "sink_spooled_bytes",
    "Bytes that these take, compressed.",
    ["sink"],
    bySink(({ spooled }) => spooled?.bytes),
  )
}

const prefix = "portcullis_decision_log_"

/** One series with its labels. */
interface Row {
  readonly value: number
  readonly [label: string]: number | string
}
type Rows = (reading: DecisionLogReading) => readonly Row[]

function causes(dropped: Readonly<Record<string, number>>): readonly Row[] {
  return Object.entries(dropped).map(([cause, value]) => ({ cause, value }))
}

function rowOf({ name }: SinkReading, value: number | undefined): readonly Row[] {
  return value === undefined ? [] : [{ sink: name, value }]
}
