import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { dropCauses } from "../../../src/decision-log/tally.js"
import { configured } from "../../fixtures/configured.js"

const page = readFileSync(new URL("../../../docs/decision-logs.md", import.meta.url), "utf8")

it("docs/decision-logs.md lists the causes for which events are missing, and no others", () => {
  const [, text = ""] = /<!-- causes -->([\s\S]*?)<!-- \/causes -->/.exec(page) ?? []
  expect([...text.matchAll(/^\| `(\w+)`/gm)].map(([, cause]) => cause)).toEqual([...dropCauses])
})

it("docs/decision-logs.md shows a configuration that is one", () => {
  const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(page) ?? []
  expect(configured(yaml).config.decision_log).toMatchObject({ mask_principal: "hash", file: { max_files: 10 } })
})
