import { expect, it } from "vitest"
import { assertAllowed } from "../../../src/pdp/index.js"

it("a denial for several reasons says what to do about each", () => {
  const decisions: Parameters<typeof assertAllowed>[0] = {
    authorize: () => ({ allowed: false, revision: "1.1" }),
    explain: () => explanation,
  }
  const explanation = {
    allowed: false,
    revision: "1.1",
    profile: "hardened",
    method: "PUT",
    caller: "person",
    reasons: ["role_insufficient", "scope_missing"],
    workspace: "ml-team",
    roles: { "ann@example.com": ["Viewer"] },
    missing_permissions: ["workspaces.update"],
    required_scopes: ["platform:write"],
    scopes_presented: [],
  } as const
  expect(() => assertAllowed(decisions, { principal: { id: "ann@example.com" }, method: "PUT", path: "/x" })).toThrow(
    expect.objectContaining({ code: "ERR_DENIED", message: expect.stringMatching(/ask an Admin of 'ml-team' .*, and log in again .*--scope/) }),
  )
})
