import type { Command } from "commander"
import { z } from "zod"
import { apiClient } from "./api-client.js"
import { withApiOptions, type ApiOptions } from "./api-options.js"
import { outputOption, rendered, type OutputFormat } from "./output.js"
import { table } from "./table.js"
import type { Terminal } from "./terminal.js"

interface FleetOptions extends ApiOptions {
  readonly output: OutputFormat
  readonly watch?: boolean
}

/** `portcullis fleet`: which OPAs take bundles from a sidecar, which processes decide on its database, and what each of them runs. */
export function addFleet(program: Command, terminal: Terminal): void {
  const command = program
    .command("fleet")
    .description("The OPAs that take bundles from a running sidecar, and the processes on its database: revision, lag, last error")
  withApiOptions(command)
    .option("-w, --watch", "look again every two seconds, and print whenever something has changed, until it is stopped")
    .addOption(outputOption())
    .addHelpText("after", examples)
    .action(async (options: FleetOptions) => {
      const client = await apiClient(options, command, terminal)
      const look = async (): Promise<string> => {
        const fleet = await client.send({ operation: { method: "GET", path: "/fleet" } }, Fleet)
        return rendered(options.output, fleet, () => fleetTable(fleet))
      }
      if (options.watch === true) return watch(look, terminal)
      terminal.out(await look())
    })
}

const examples = `
Examples:
  portcullis fleet --as admin@example.com
  portcullis fleet --watch
  portcullis fleet --output json`

const Opa = z.looseObject({
  id: z.string(),
  state: z.string(),
  revision: z.string().optional(),
  lag_revisions: z.number().optional(),
  lag_seconds: z.number().optional(),
  seen_seconds_ago: z.number(),
  who: z.string(),
  address: z.string(),
  program: z.string().optional(),
  version: z.string().optional(),
  labels: z.record(z.string(), z.string()),
  bundles: z.array(z.looseObject({ name: z.string(), error: z.looseObject({ code: z.string(), message: z.string() }).optional() })),
})
const Process = z.looseObject({
  name: z.string().optional(),
  state: z.string().optional(),
  version: z.string(),
  ready: z.boolean(),
  revision: z.string().optional(),
  differs: z.array(z.string()).optional(),
  seen_seconds_ago: z.number().optional(),
})
const Fleet = z.looseObject({
  revision: z.string().optional(),
  pdps: z.array(Process),
  pdps_unknown: z.boolean().optional(),
  opas: z.array(Opa),
  more_opas: z.boolean().optional(),
})

const watchMs = 2_000

/** What only grows, such as how long ago one was seen, is no change by itself: the table that is compared leaves it out. */
async function watch(look: () => Promise<string>, terminal: Terminal): Promise<void> {
  let isStopped = false
  const stopped = new Promise<void>((resolve) =>
    terminal.onStop(() => {
      isStopped = true
      resolve()
    }),
  )
  for (let before = ""; !isStopped;) {
    const shown = await look()
    if (shown.replace(ages, "") !== before) terminal.out(shown)
    before = shown.replace(ages, "")
    await Promise.race([terminal.pause(watchMs), stopped])
  }
}

const ages = /[0-9.]+ s\b|"(?:seen_seconds_ago|lag_seconds)": [0-9.]+|(?:seen_seconds_ago|lag_seconds): [0-9.]+| +$/gm

function fleetTable({ pdps, pdps_unknown: hasUnknown, opas, more_opas: hasMore }: z.infer<typeof Fleet>): string {
  const processes = pdps.map(({ name = "this process", version, ready, state, revision, seen_seconds_ago: seen, differs = [] }) => [
    name,
    (state ?? (ready ? "current" : "not_ready")).replace("_", " "),
    revision,
    "",
    seen === undefined ? "" : secondsText(seen),
    "",
    `portcullis ${version}`,
    differs.map((what) => `runs ${what === "policy" ? "another policy" : "other authorization data"} than this process`).join("; "),
  ])
  const others = opas.map((opa) => [
    opa.labels["name"] ?? opa.id,
    opa.state,
    opa.revision,
    lagOf(opa),
    secondsText(opa.seen_seconds_ago),
    `${opa.who} at ${opa.address}`,
    opa.version === undefined ? "" : `${opa.program ?? "opa"} ${opa.version}`,
    errorsOf(opa),
  ])
  const unknown = hasUnknown === true ? "The database does not say now which other processes decide on it.\n" : ""
  const more = hasMore === true ? "There are more OPAs than are counted for one token; give them tokens of their own.\n" : ""
  return table(["MEMBER", "STATE", "REVISION", "LAG", "SEEN", "WHO", "RUNS", "LAST ERROR"], [...processes, ...others]) + unknown + more
}

function lagOf({ lag_revisions: revisions, lag_seconds: seconds }: z.infer<typeof Opa>): string {
  if (revisions === undefined || revisions === 0) return revisions === 0 ? "0" : ""
  return seconds === undefined ? String(revisions) : `${revisions}, ${secondsText(seconds)}`
}

function secondsText(seconds: number): string {
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
}

function errorsOf({ bundles }: z.infer<typeof Opa>): string {
  const errors = bundles.flatMap(({ name, error }) => (error ? [`${name}: ${error.message || error.code}`] : []))
  return errors.join("; ").slice(0, mostText)
}

const mostText = 200
