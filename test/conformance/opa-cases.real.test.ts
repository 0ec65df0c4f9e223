import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { beforeAll, describe, expect, it } from "vitest"
import { builtinsLeftOut, casesLeftOut } from "./exceptions.js"
import { readOpaCases, type OpaCase } from "./opa-cases.js"
import { outcomeOf, type Outcome } from "./opa-outcome.js"

interface Ran {
  readonly one: OpaCase
  readonly outcome: Outcome
}

const atOnce = 4
let ran: readonly Ran[] = []
beforeAll(async () => {
  const { cases, moduleOf } = readOpaCases(compiledCases())
  const waiting = cases.values()
  const done: Ran[] = []
  const work = async (): Promise<void> => {
    for (const one of waiting) done.push({ one, outcome: await outcomeOf(one, moduleOf(one)) })
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  ran = done
  process.stdout.write(`${sentence()}\n`)
})

/** Compiled already, or now. */
function compiledCases(): string {
  return (
    process.env["OPA_CASES"] ??
    execFileSync(process.execPath, ["scripts/opa-cases.mjs"], { stdio: ["ignore", "pipe", "inherit"] })
      .toString()
      .trim()
  )
}

const noted = new Set(Object.values(casesLeftOut).flat())
const nameOf = ({ version, file, note }: OpaCase): string => `${version} ${file}: ${note}`

/** What the pages say. */
function sentence(): string {
  const count = (kind: Outcome["kind"]): number => ran.filter(({ outcome }) => outcome.kind === kind).length
  const listed = count("refused") + count("failed")
  const [all, passed] = [ran.length, count("passed")].map((number) => number.toLocaleString("en-US"))
  const why = `${count("refused")} call a builtin that is not there, and ${count("failed")} meet the limits of the module's numbers`
  return `Of OPA's ${all} conformance cases ${passed} pass, and ${listed} are listed with a reason: ${why}.`
}

describe("OPA's conformance cases", () => {
  it("are all compiled to WASM", () => {
    expect(ran.length).toBeGreaterThan(4_000)
    expect(ran.filter(({ one }) => one.failure !== undefined).map(({ one }) => `${nameOf(one)}: ${one.failure}`)).toEqual([])
  })

  it("pass, but for those that are listed", () => {
    const unlisted = ran.flatMap(({ one, outcome }) => (outcome.kind === "failed" && !noted.has(one.note) ? [`${nameOf(one)}: ${outcome.why}`] : []))
    expect(unlisted).toEqual([])
  })

  it("fail where they are listed", () => {
    const failing = new Set(ran.filter(({ outcome }) => outcome.kind === "failed").map(({ one }) => one.note))
    const passing = ran.filter(({ one, outcome }) => noted.has(one.note) && outcome.kind !== "failed").map(({ one }) => nameOf(one))
    expect([...passing, ...[...noted].filter((note) => !failing.has(note))]).toEqual([])
  })

  it("are refused for builtins that are listed, and for no others", () => {
    const refused = new Set(ran.flatMap(({ outcome }) => (outcome.kind === "refused" ? outcome.builtins : [])))
    expect([...refused].sort()).toEqual([...builtinsLeftOut.keys()].sort())
  })

  it.each(["README.md", "docs/policy.md"])("are counted in %s", (file) => {
    const page = readFileSync(file, "utf8").replace(/\s+/g, " ")
    expect(/Of OPA's [\d,]+ conformance cases[^.]*\./.exec(page)?.[0]).toBe(sentence())
  })
})
