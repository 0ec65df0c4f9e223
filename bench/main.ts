import { writeFileSync } from "node:fs"
import { complaint, readArguments, usage, type Arguments } from "./arguments.js"
import { thisMachine } from "./machine.js"
import { partNames } from "./row.js"
import { rowsOf } from "./parts.js"
import { markdown, type Report } from "./table.js"

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const asked = argumentsOf(args)
  if (typeof asked === "string") {
    process.stderr.write(asked)
    return 2
  }
  if (asked.help) {
    process.stdout.write(usage)
    return 0
  }
  const rows = await rowsOf(asked.only ?? partNames, { isQuick: asked.quick })
  const report: Report = { date: new Date().toISOString().slice(0, 10), machine: thisMachine(), rows }
  if (asked.json !== undefined) writeFileSync(asked.json, `${JSON.stringify(report, null, 2)}\n`)
  process.stdout.write(markdown(report))
  return 0
}

function argumentsOf(args: readonly string[]): Arguments | string {
  try {
    return readArguments(args)
  } catch (thrown) {
    return complaint(thrown)
  }
}
