import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { findingRules, lintAuthorizationData } from "../../../src/authorization-data/index.js"

const documentation = readFileSync(new URL("../../../docs/authorization-data.md", import.meta.url), "utf8")

it("documents every lint rule, and no other", () => {
  const section = documentation.slice(documentation.indexOf("## Lint"))
  const rows = [...section.matchAll(/^\| `([a-z-]+)`/gm)].map(([, rule]) => rule)
  expect(rows.toSorted()).toEqual(findingRules.toSorted())
})

it("shows documents that are in order", () => {
  const examples = [...documentation.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? "")
  const [own = "", bindings = ""] = examples
  expect(lintAuthorizationData({ documents: [{ name: "own.yaml", text: own }], profile: "hardened" }).findings).toEqual([])
  expect(lintAuthorizationData({ documents: [{ name: "bindings.yaml", text: bindings }], profile: "hardened" }).findings).toEqual([])
})
