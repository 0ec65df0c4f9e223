import { OPAClient } from "@open-policy-agent/opa"
import { describe, expect, it, onTestFinished } from "vitest"
import type { PdpOptions } from "../../src/index.js"
import { startServer } from "../../src/server/index.js"
import { todoServer } from "../fixtures/opa-api.js"
import { createDecisionLog } from "../../src/decision-log/index.js"
import { modelsPdp } from "../unit/pdp/world.js"
import { keepingSink } from "../unit/decision-log/world.js"

/** A client of the product's policy on real role bindings. */
async function modelsClient(options: PdpOptions = {}, headers: Record<string, string> = {}): Promise<OPAClient> {
  const { pdp } = await modelsPdp(options)
  const server = await startServer({ pdp, listen: { host: "127.0.0.1", port: 0 }, opa: { decisionIds: options.decisionLog !== undefined } })
  onTestFinished(async () => {
    await server.close(0)
    await pdp.close()
  })
  return new OPAClient(server.url, { headers })
}

const reads = (principal: string) => ({ principal_id: principal, method: "GET", path: "/workspaces/ml/models" })

describe("the SDK @open-policy-agent/opa, unchanged, on a policy of one's own", () => {
  it("evaluates a rule, with and without an input", async () => {
    const { url } = await todoServer()
    const client = new OPAClient(url)
    expect(await client.evaluate("todo/allow", { role: "admin" })).toBe(true)
    expect(await client.evaluate("todo/decision")).toEqual({ allowed: false, reasons: ["no role"] })
    expect(await client.evaluate("todo/decision/allowed", { role: "admin" })).toBe(true)
    expect(await client.evaluate("todo/maybe", { y: 1 })).toBeUndefined()
    await expect(client.evaluate("todo/conflict", { c: true })).rejects.toThrow("error(s) occurred while evaluating query")
  })

  it("evaluates the default decision", async () => {
    const { url } = await todoServer()
    expect(await new OPAClient(url).evaluateDefault({ role: "admin" })).toEqual({ decided: true })
  })

  it("evaluates batches, with failures among them", async () => {
    const { url } = await todoServer()
    const client = new OPAClient(url)
    expect(await client.evaluateBatch("todo/allow", { a: { role: "admin" }, b: {} })).toEqual({ a: true, b: false })
    const mixed = await client.evaluateBatch("todo/conflict", { bad: { c: true }, none: {} })
    expect(mixed).toMatchObject({ bad: { code: "internal_error", httpStatusCode: "500" } })
    expect(mixed["none"]).toBeUndefined()
    await expect(client.evaluateBatch("todo/conflict", { bad: { c: true }, none: {} }, { rejectMixed: true })).rejects.toBeDefined()
    await expect(client.evaluateBatch("todo/conflict", { bad: { c: true } })).rejects.toMatchObject({
      responses: { bad: { code: "internal_error" } },
    })
  })

  it("asks with the headers of the caller", async () => {
    const { url } = await todoServer({ opa: { authorization: true } })
    await expect(new OPAClient(url).evaluate("todo/allow", {})).rejects.toBeDefined()
    expect(await new OPAClient(url, { headers: { Authorization: "Bearer good" } }).evaluate("todo/allow", {})).toBe(false)
  })
})

describe("the SDK @open-policy-agent/opa, unchanged, on the product's policy", () => {
  it("evaluates authz/allow and its kin, for those who may and those who may not", async () => {
    const client = await modelsClient()
    const allowed = { allowed: true, headers: { "X-NMP-Authorized": "true" } }
    expect(await client.evaluate("authz/allow", reads("ann@example.com"))).toEqual(allowed)
    expect(await client.evaluate("authz/allow/allowed", reads("zoe@example.com"))).toBe(false)
    expect(await client.evaluate("authz/allowed", reads("ben@example.com"))).toBe(true)
    expect(await client.evaluate("authz/allow_many", { requests: [reads("ann@example.com"), reads("zoe@example.com")] })).toEqual([true, false])
    expect(await client.evaluate("authz/explain", reads("zoe@example.com"))).toMatchObject({ allowed: false, reasons: ["role_missing"] })
    expect(await client.evaluate("authz/allow")).toMatchObject({ allowed: false })
    expect(await client.evaluate("authz/nothing", {})).toBeUndefined()
    expect(await client.evaluateDefault(reads("ann@example.com"))).toEqual(allowed)
  })

  it("makes of what is answered what its caller wants", async () => {
    const client = await modelsClient()
    const fromResult = (result: unknown): boolean => Object(result).allowed === true
    expect(await client.evaluate("authz/allow", reads("ann@example.com"), { fromResult })).toBe(true)
    expect(await client.evaluate("authz/nothing", reads("ann@example.com"), { fromResult })).toBe(false)
  })

  it("evaluates batches: a question that is none fails alone, and is no decision", async () => {
    const client = await modelsClient()
    const people = { ann: reads("ann@example.com"), zoe: reads("zoe@example.com") }
    expect(await client.evaluateBatch("authz/allow/allowed", people)).toEqual({ ann: true, zoe: false })
    const wrong = { ...people, wrong: { ...reads("ann@example.com"), principal_id: 5 } }
    expect(await client.evaluateBatch("authz/allow/allowed", wrong)).toMatchObject({
      ann: true,
      zoe: false,
      wrong: { code: "invalid_parameter", httpStatusCode: "500" },
    })
    await expect(client.evaluateBatch("authz/allow/allowed", wrong, { rejectMixed: true })).rejects.toBeDefined()
  })

  it.each<[string, (client: OPAClient) => Promise<unknown>, Record<string, string>, object]>([
    [
      "a claim of a wrong type",
      (client) => client.evaluate("authz/allow", { principal_id: 5 }),
      {},
      { name: "ClientError", code: "invalid_parameter" },
    ],
    ["a place that is malformed", (client) => client.evaluate("authz/%zz", {}), {}, { name: "ClientError", code: "invalid_parameter" }],
    [
      "a batch of wrong claims alone",
      (client) => client.evaluateBatch("authz/allow", { a: { principal_id: 5 } }),
      {},
      { name: "BatchServerError", responses: { a: { code: "invalid_parameter" } } },
    ],
    [
      "filters, which need Rego at run time",
      (client) => client.getFilters("authz/allow", {}, { target: "postgresql" }),
      {},
      { name: "ClientError", code: "invalid_operation" },
    ],
    [
      "a question that a proxy passed on",
      (client) => client.evaluate("authz/allow", reads("ann@example.com")),
      { "X-Forwarded-For": "10.0.0.1" },
      { name: "SDKError", httpMeta: { response: { status: 403 } } },
    ],
  ])("is told why it gets no answer to %s", async (_, ask, headers, error) => {
    await expect(ask(await modelsClient({}, headers))).rejects.toMatchObject(error)
  })

  it("does not mind the names of decisions, which stand in the decision log with that of the batch", async () => {
    const sink = keepingSink()
    const log = createDecisionLog({ sinks: [sink] })
    const client = await modelsClient({ decisionLog: log })
    expect(await client.evaluate("authz/allow/allowed", reads("ann@example.com"))).toBe(true)
    expect(await client.evaluateBatch("authz/allow/allowed", { a: reads("ann@example.com"), b: reads("zoe@example.com") })).toEqual({
      a: true,
      b: false,
    })
    await log.close()
    const [one, ...batch] = sink.events()
    expect(one).toMatchObject({ path: "authz/allow/allowed", result: true, decision_id: expect.any(String) })
    expect(one).not.toHaveProperty("batch_decision_id")
    expect(new Set(batch.map((event) => event["batch_decision_id"])).size).toBe(1)
    expect(batch).toMatchObject([
      { result: true, batch_decision_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      { result: false, reason: "role_missing" },
    ])
  })
})
