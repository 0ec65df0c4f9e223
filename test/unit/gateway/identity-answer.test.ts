import { describe, expect, it } from "vitest"
import { identityAnswer, type Verdict } from "../../../src/gateway/index.js"
import { caller, stopped, verdict } from "./verdicts.js"

const names = [
  "X-NMP-Principal-Id",
  "X-NMP-Principal-Email",
  "X-NMP-Principal-Groups",
  "X-NMP-Principal-On-Behalf-Of",
  "X-NMP-Principal-On-Behalf-Of-Email",
  "X-NMP-Principal-On-Behalf-Of-Groups",
  "X-NMP-Scopes",
  "X-NMP-Authorized",
  "X-Portcullis-Decision-Id",
  "X-Portcullis-Revision",
  "X-Portcullis-Decision",
  "X-Portcullis-Shadow",
]

function answered(of: Verdict, options: Parameters<typeof identityAnswer>[1] = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(identityAnswer(of, options))
}

describe("identityAnswer", () => {
  it.each([
    ["of an allowed caller", verdict()],
    ["of nobody", verdict({ caller: caller({ id: "" }) })],
    ["of a preflight", verdict({ caller: undefined, decision: undefined })],
    ["in shadow mode", stopped("shadowed", 401, "token_expired")],
  ])("has every header once, whatever is empty: %s", (_, of) => {
    expect(identityAnswer(of).map(([name]) => name)).toEqual(names)
  })

  it("says who asks, and that it was decided", () => {
    expect(answered(verdict())).toMatchObject({
      "X-NMP-Principal-Id": "ann",
      "X-NMP-Principal-Email": "ann@example.com",
      "X-NMP-Principal-Groups": "ops,ml",
      "X-NMP-Scopes": "a:read b:read",
      "X-NMP-Authorized": "true",
      "X-Portcullis-Decision-Id": "d-1",
      "X-Portcullis-Revision": "00000001.7",
      "X-Portcullis-Decision": "",
      "X-Portcullis-Shadow": "",
    })
  })

  it("writes services with their prefix, and for whom they act", () => {
    const onBehalfOf = { id: "bob", email: "bob@example.com", groups: ["x", "y"] }
    expect(answered(verdict({ caller: caller({ kind: "service", id: "indexer", onBehalfOf }) }))).toMatchObject({
      "X-NMP-Principal-Id": "service:indexer",
      "X-NMP-Principal-On-Behalf-Of": "bob",
      "X-NMP-Principal-On-Behalf-Of-Email": "bob@example.com",
      "X-NMP-Principal-On-Behalf-Of-Groups": "x,y",
    })
  })

  it.each([
    ["* for a caller who is not restricted", { id: "ann" }, "*"],
    ["nothing for an empty set", { id: "ann", scopes: [] }, ""],
    ["nothing for a set that headers cannot carry", { id: "ann", scopes: ["*"] }, ""],
    ["nothing for nobody", { id: "" }, ""],
    ["a list", { id: "ann", scopes: ["a", "b:c"] }, "a b:c"],
  ])("writes scopes as %s", (_, principal, text) => {
    expect(answered(verdict({ caller: caller(principal) }))["X-NMP-Scopes"]).toBe(text)
  })

  it("names nobody whom headers cannot carry", () => {
    const shadowed = { ...stopped("shadowed", 403, "principal_not_writable"), caller: caller({ id: "josé", email: "j@example.com" }) }
    expect(answered(shadowed)).toMatchObject({ "X-NMP-Principal-Id": "", "X-NMP-Principal-Email": "", "X-NMP-Authorized": "" })
  })

  it("says what shadow mode lets pass, and that it is not authorized", () => {
    expect(answered(stopped("shadowed", 403, "role_missing"))).toMatchObject({
      "X-NMP-Principal-Id": "ann",
      "X-NMP-Authorized": "",
      "X-Portcullis-Shadow": "denied; code=role_missing",
    })
    expect(answered(stopped("shadowed", 503, "pdp_not_ready"))["X-Portcullis-Shadow"]).toBe("failed; code=pdp_not_ready")
  })

  it("takes the configured prefix for what has one", () => {
    const prefixed = identityAnswer(verdict(), { headerPrefix: "X-Acme-" }).map(([name]) => name)
    expect(prefixed).toEqual(names.map((name) => name.replace("X-NMP-", "X-Acme-")))
  })

  it("signs what it says, for the path without query", () => {
    const signed: unknown[] = []
    const sign = (facts: unknown) => `signed-${signed.push(facts)}`
    const principal = { id: "ann", email: "a,b@example.com", groups: ["a,b", "ops", "ops"], scopes: ["*", "x:y"] }
    expect(answered(verdict({ caller: caller(principal) }), { sign })["X-Portcullis-Decision"]).toBe("signed-1")
    expect(signed).toEqual([
      { method: "GET", path: "/a", principal: { id: "ann", groups: ["ops"], scopes: ["x:y"] }, decisionId: "d-1", revision: "00000001.7" },
    ])
  })

  it("signs nothing that was not allowed by a decision", () => {
    const sign = () => "signed"
    expect(answered(stopped("shadowed", 403, "role_missing"), { sign })["X-Portcullis-Decision"]).toBe("")
    expect(answered(verdict({ isAuthorized: false, decision: undefined }), { sign })["X-Portcullis-Decision"]).toBe("")
  })

  it("leaves out a revision that no header can carry", () => {
    expect(answered(verdict({ revision: "a\nb" }))["X-Portcullis-Revision"]).toBe("")
  })
})
