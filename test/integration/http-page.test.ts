import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { authenticationReasons } from "../../src/authn/index.js"
import { createDecisionLog, decisionLogIntake } from "../../src/decision-log/index.js"
import { httpStatusByCode } from "../../src/errors.js"
import { openApi } from "../../src/server/openapi.js"
import { ServerLimits } from "../../src/server/index.js"
import { sources } from "../architecture/sources.js"
import { testServer } from "../fixtures/test-server.js"

const page = readFileSync("docs/http.md", "utf8")

/** The cells of the table between two markers of the page. */
function table(name: string): readonly (readonly string[])[] {
  const [, text = ""] = new RegExp(`<!-- ${name} -->([\\s\\S]*?)<!-- /${name} -->`).exec(page) ?? []
  const rows = text.split("\n").filter((line) => line.startsWith("| `"))
  return rows.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  )
}

const codesOfErrors = Object.entries(httpStatusByCode).map(([code, status]) => [code.slice("ERR_".length).toLowerCase(), String(status)] as const)

/** `refusal(400, "…")`, `reason: "…"` and `refused("…")` in the sources: what a caller can get besides. */
function codesOfSources(): readonly string[] {
  const serving = sources().filter(({ layer }) => ["model", "authn", "administration", "gateway", "server"].includes(layer))
  const patterns = [/refusal\(\s*\d+,\s*"([a-z_]+)"/g, /reason: "([a-z_]+)"/g, /refused\("([a-z_]+)"/g]
  const causes = Object.keys(authenticationReasons)
  return causes.concat(serving.flatMap(({ text }) => patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, code = ""]) => code))))
}

describe("docs/http.md", () => {
  it("lists the codes that there are, and no others", () => {
    const listed = table("codes").map(([code = ""]) => code)
    expect(listed.toSorted()).toEqual([...new Set([...codesOfErrors.map(([code]) => code), ...codesOfSources()])].toSorted())
  })

  it("gives each code its status", () => {
    const listed = new Map(table("codes").map(([code = "", status = ""]) => [code, status]))
    for (const [code, status] of codesOfErrors) expect(listed.get(code), code).toBe(status)
    for (const [reason, { code }] of Object.entries(authenticationReasons)) expect(listed.get(reason), reason).toBe(String(httpStatusByCode[code]))
    for (const { text } of sources())
      for (const [, status, code = ""] of text.matchAll(/refusal\(\s*(\d+),\s*"([a-z_]+)"/g)) expect(listed.get(code), code).toBe(status)
  })

  it("leaves the reasons of the policy to docs/policy.md, which lists them all", () => {
    const [, union = ""] = /export type DenyReason =([\s\S]*?)\n\n/.exec(readFileSync("src/model/decision.ts", "utf8")) ?? []
    const reasons = [...union.matchAll(/"([a-z_]+)"/g)].map(([, reason = ""]) => reason)
    const [, section = ""] = readFileSync("docs/policy.md", "utf8").split("## Reasons\n")
    const listed = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| `([a-z_]+)`/gm)].map(([, reason = ""]) => reason)
    expect(listed.toSorted()).toEqual(reasons.toSorted())
  })

  it("lists the metrics that are served", async () => {
    const log = createDecisionLog({ sinks: [] })
    const { url } = await testServer({ decisionLogs: { intake: decisionLogIntake({ log }), mostBytes: 1_000, status: log.status } })
    await fetch(`${url}/v1/data/authz/allow`)
    const text = await (await fetch(`${url}/metrics`)).text()
    const served = [...text.matchAll(/^# TYPE (portcullis_\w+)/gm)].map(([, name = ""]) => name)
    expect(
      table("metrics")
        .map(([name = ""]) => name)
        .toSorted(),
    ).toEqual(served.toSorted())
  })

  it("lists the limits with their defaults", () => {
    const limits = Object.fromEntries(table("limits").map(([name = "", value = ""]) => [name, Number(value.replaceAll(",", ""))]))
    expect(limits).toEqual(ServerLimits.parse({}))
  })

  it("names every route that the OpenAPI document has, administration aside", () => {
    const { paths } = openApi("0.0.0", false)
    const known = Object.keys(typeof paths === "object" && paths !== null ? paths : {})
    const routes = known.filter((path) => !/^\/apis\/(?:entities|auth\/v2\/iam\/(?!opa-bundle))/.test(path))
    expect(routes.filter((path) => !page.includes(path.replace(/authz\/(?:allow|has_permissions|has_role|explain)$/, "authz/{")))).toEqual([])
  })
})
