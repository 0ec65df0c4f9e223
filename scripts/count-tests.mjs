// Prints "<passed> <failed>" over all JSON reports of vitest and of the Rego tests in a folder.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const folder = process.argv[2] ?? "."
const reports = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")))
const sum = (field) => reports.reduce((total, report) => total + (report[field] ?? 0), 0)
process.stdout.write(`${sum("numPassedTests")} ${sum("numFailedTests")}\n`)
