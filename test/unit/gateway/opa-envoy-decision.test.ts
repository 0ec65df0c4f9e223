import { describe, expect, it } from "vitest"
import { checkResponseBytes } from "../../../src/gateway/envoy-check-response.js"
import { opaEnvoyDecision } from "../../../src/gateway/opa-envoy-decision.js"
import { answerIn } from "../../fixtures/envoy-client.js"

const answerTo = (result: unknown) => answerIn(checkResponseBytes(opaEnvoyDecision(result)))

describe("a decision of a policy for the OPA-Envoy plugin", () => {
  it("is a boolean", () => {
    expect(answerTo(true)).toMatchObject({ code: 0, edits: [], removed: [] })
    expect(answerTo(false)).toMatchObject({ code: 7, status: 403, body: "" })
  })

  it("is an object with `allowed`, and members that nobody knows make no difference", () => {
    expect(answerTo({ allowed: true, other: 1 })).toMatchObject({ code: 0 })
    expect(answerTo({ allowed: false })).toMatchObject({ code: 7, status: 403 })
    expect(answerTo({ allowed: false, http_status: 401, body: "who?", headers: {} })).toMatchObject({ code: 16, status: 401, body: "who?" })
  })

  it("has headers as an object, or as a list of them", () => {
    const edits = [
      { name: "x-a", value: "1", action: "OVERWRITE_IF_EXISTS_OR_ADD" },
      { name: "x-a", value: "2", action: "APPEND_IF_EXISTS_OR_ADD" },
      { name: "x-b", value: "", action: "OVERWRITE_IF_EXISTS_OR_ADD" },
    ]
    expect(answerTo({ allowed: true, headers: { "X-A": ["1", "2"], "x-b": "" } }).edits).toMatchObject(edits)
    expect(answerTo({ allowed: true, headers: [{ "x-a": "1" }, { "X-A": "2", "x-b": "" }] }).edits).toMatchObject(edits)
  })

  it("has metadata of any shape", () => {
    const metadata = { text: "", yes: true, no: false, zero: 0, half: 0.5, nothing: null, list: [1, "a", [], {}], inner: { a: { b: "c" } } }
    expect(answerTo({ allowed: true, dynamic_metadata: metadata }).metadata).toEqual(metadata)
  })

  it.each([
    undefined,
    null,
    0,
    "true",
    [],
    {},
    { allow: true },
    { allowed: "true" },
    { allowed: true, headers: "x" },
    { allowed: true, headers: { "x a": "1" } },
    { allowed: true, headers: { "x-a": "1\r\nx-b: 2" } },
    { allowed: true, headers: { "x-a": 1 } },
    { allowed: true, request_headers_to_remove: "x" },
    { allowed: true, response_headers_to_add: [1] },
    { allowed: true, query_parameters_to_remove: [1] },
    { allowed: true, dynamic_metadata: [] },
    { allowed: false, http_status: 99 },
    { allowed: false, http_status: "403" },
    { allowed: false, http_status: 200.5 },
    { allowed: false, body: {} },
  ])("is not %j", (result) => {
    expect(() => opaEnvoyDecision(result)).toThrow(expect.objectContaining({ code: "ERR_EVALUATION", reason: "decision_invalid" }))
  })
})
