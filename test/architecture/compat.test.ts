import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { filesBelow } from "./sources.js"

const files = [...filesBelow("test"), ...filesBelow("policies")]
const page = readFileSync("docs/compat.md", "utf8")
const rows = [...page.matchAll(/^\| (.+) \|$/gm)]
  .map(([, row = ""]) => row.split(" | ").map((cell) => cell.trim()))
  .filter(([what = ""]) => what !== "What" && !what.startsWith("---"))
  .map((cells) => ({ what: cells[0] ?? "", tests: [...(cells.at(-1) ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name) }))

describe("docs/compat.md", () => {
  it.each(rows)("names a test for: $what", ({ tests }) => {
    expect(tests).not.toEqual([])
    for (const name of tests) expect(files.filter((path) => path.endsWith(`/${name}`)).length, name).toBe(1)
  })

  it("has rows", () => {
    expect(rows.length).toBeGreaterThan(40)
  })
})
