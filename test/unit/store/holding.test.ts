import { describe, expect, it } from "vitest"
import { Holdings } from "../../../src/store/holding.js"

describe("holdings", () => {
  it("are shared by principals that hold the same in one workspace", () => {
    const holdings = new Holdings()
    expect(holdings.acquire("ml", ["Viewer"], "Admin")).toBe(holdings.acquire("ml", ["Admin"], "Viewer"))
  })

  it("are forgotten, with their workspace and their role set, when the last principal lets go", () => {
    const holdings = new Holdings()
    const first = holdings.acquire("ml", [], "Viewer")
    const second = holdings.acquire("ml", [], "Viewer")
    holdings.release(first)
    expect(holdings.workspace("ml")).toBe(first.workspace)
    holdings.release(second)
    expect(holdings.workspace("ml")).toBeUndefined()
    expect(holdings.acquire("ml", [], "Viewer").roleSet).not.toBe(first.roleSet)
  })
})
