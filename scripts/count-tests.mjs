// Prints "<passed> <failed>" over all JSON reports of vitest and of the Rego tests in a folder. A test that was skipped proves nothing: it counts as failed,
// and is named.
import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"

const folder = process.argv[2] ?? "."
const reports = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")))
const sum = (field) => reports.reduce((total, report) => total + (report[field] ?? 0), 0)
const skipped = sum("numPendingTests") + sum("numTodoTests")
for (const { testResults = [] } of reports)
  for (const { name, assertionResults = [] } of testResults)
    for (const { status, fullName } of assertionResults)
      if (!["passed", "failed"].includes(status)) process.stderr.write(`${status}: ${relative(process.cwd(), name)}: ${fullName}\n`)
process.stdout.write(`${sum("numPassedTests")} ${sum("numFailedTests") + skipped}\n`)
