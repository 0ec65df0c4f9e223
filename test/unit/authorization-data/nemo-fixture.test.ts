import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { compileIndex } from "../../../src/authorization-data/compile-index.js"
import { loadAuthorizationData } from "../../../src/authorization-data/index.js"

const regoLiteral = (file: string, name: string): Readonly<Record<string, unknown>> => {
  const text = readFileSync(new URL(`../../../policies/nemo/${file}`, import.meta.url), "utf8")
  const literal = new RegExp(`^${name} := (\\{.*?^\\})`, "ms").exec(text)?.[1] ?? ""
  return JSON.parse(literal.replaceAll(/,(\s*[}\]])/g, "$1"))
}

it("the Rego tests of the nemo profile run on the index that its document compiles to", () => {
  const document = regoLiteral("fixture_test.rego", "document")
  const { data } = loadAuthorizationData({ documents: [document], profile: "nemo" })
  expect(regoLiteral("fixture_index_test.rego", "index")).toEqual(compileIndex(data, { profile: "nemo" }))
})
