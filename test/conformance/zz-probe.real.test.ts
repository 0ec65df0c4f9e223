import { writeFileSync } from "node:fs"
import { it } from "vitest"
import { readOpaCases } from "./opa-cases.js"
import { outcomeOf } from "./opa-outcome.js"
it("probe", async () => {
  const t0 = Date.now()
  const { cases, moduleOf } = readOpaCases(process.env["OPA_CASES"] ?? "/tmp/opacases")
  const t1 = Date.now()
  const lines: string[] = []
  const counts: Record<string, number> = {}
  const refused: Record<string, number> = {}
  for (const one of cases) {
    const outcome = await outcomeOf(one, moduleOf(one))
    counts[outcome.kind] = (counts[outcome.kind] ?? 0) + 1
    if (outcome.kind === "refused") for (const b of outcome.builtins) refused[b] = (refused[b] ?? 0) + 1
    if (outcome.kind === "failed") lines.push(`${one.file} | ${one.note} | ${outcome.why}`)
  }
  writeFileSync("/tmp/opa-failures.txt", lines.join("\n"))
  console.log(counts, refused, t1 - t0, Date.now() - t1)
})
