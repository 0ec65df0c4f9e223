import { describe, expect, it } from "vitest"
import { NameFilter } from "../../../src/store/name-filter.js"

describe("the filter of names", () => {
  it("never errs about a name, wherever it stands in a text", () => {
    const names = ["", "a", "ml", "workspaces", "ünï", "𝒳", "__proto__", "x".repeat(5_000)]
    const filter = new NameFilter()
    for (const name of names) filter.add(name)
    for (const name of names) expect(filter.mayHold(`/${name}/`, 1, 1 + name.length)).toBe(true)
  })

  it("leaves out what differs in length, first or last character", () => {
    const filter = new NameFilter()
    filter.add("blue")
    for (const other of ["", "b", "blues", "clue", "blur"]) expect(filter.mayHold(other, 0, other.length)).toBe(false)
  })

  it("may take another text for a name", () => {
    const filter = new NameFilter()
    filter.add("blue")
    expect(filter.mayHold("bale", 0, 4)).toBe(true)
  })
})
