import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { identityAttacks } from "../fixtures/gateway-attacks.js"
import { identityOf, models, send, valuesOf } from "../fixtures/gateway-requests.js"
import { gatewayStack, type GatewayStack, type SeenRequest } from "../fixtures/gateway-stack.js"
import { testedGateways } from "../fixtures/gateways.js"

const datasets = "/apis/datasets/v2/workspaces/ml-team/datasets"

describe.each(testedGateways)("behind %s, with shadow mode for a path and preflights let through,", (kind) => {
  let stack: GatewayStack
  beforeAll(async () => {
    const sidecarGateway = { shadow: [{ gateway: "*", path_prefix: "/apis/models" }], allow_cors_preflight: true }
    stack = await gatewayStack(kind, { sidecarGateway })
  })
  afterAll(() => stack.stop())

  it("what would be denied passes there, and is told so", async () => {
    const stranger = await stack.token("stranger@example.com")
    const { status, seen } = await send(stack, { token: stranger })
    expect([status, seen.length]).toEqual([200, 1])
    expect(toldOf(seen)).toEqual({ id: "stranger@example.com", authorized: "", decision: "", shadow: "denied; code=role_missing" })
    expect(toldOf((await send(stack)).seen)).toEqual({ id: "", authorized: "", decision: "", shadow: "denied; code=no_credentials" })
  })

  it("what is allowed is told as ever", async () => {
    const { seen } = await send(stack, { token: await stack.token("ann@example.com") })
    expect(toldOf(seen)).toMatchObject({ id: "ann@example.com", authorized: "true", decision: expect.stringMatching(/^1\./), shadow: "" })
  })

  it("clients say nothing of who asks, where nobody does", async () => {
    const clean = blankless((await send(stack)).seen[0])
    for (const lines of identityAttacks(kind)) {
      const { seen } = await send(stack, { lines })
      for (const request of seen) expect([lines, blankless(request)]).toEqual([lines, clean])
    }
  })

  it("paths that are not canonical, and other paths, are denied", async () => {
    for (const target of ["/apis/modelsX", `/apis/models/..${datasets}`, `${models}/%2e%2e/x`, `/apis//models`, `${models}/..;/x`, datasets])
      expect([target, (await send(stack, { target })).seen]).toEqual([target, []])
  })

  it("preflights pass where the method is known, and nothing that only looks like one", async () => {
    const origin = "Origin: https://app.example"
    const ask = (target: string, ...lines: readonly string[]) => send(stack, { method: "OPTIONS", target, lines })
    expect(await ask(datasets, origin, "Access-Control-Request-Method: POST")).toMatchObject({ status: 200, seen: [{ method: "OPTIONS" }] })
    for (const lines of [
      [],
      [origin],
      ["Access-Control-Request-Method: GET"],
      [origin, "Access-Control-Request-Method: DELETE"],
      [origin, "Access-Control-Request-Method: GET", "Access-Control-Request-Method: POST"],
      [origin, "Access-Control-Request-Method: GET", "Authorization: Bearer nonsense"],
    ])
      expect([lines, (await ask(datasets, ...lines)).seen]).toEqual([lines, []])
    expect((await ask("/apis/nowhere", origin, "Access-Control-Request-Method: GET")).seen).toEqual([])
  })
})

function toldOf([request]: readonly SeenRequest[]) {
  const value = (name: string): string => (request ? valuesOf(request, name).join().trim() : "not seen")
  return {
    id: value("X-NMP-Principal-Id"),
    authorized: value("X-NMP-Authorized"),
    decision: value("X-Portcullis-Decision"),
    shadow: value("X-Portcullis-Shadow"),
  }
}

/** Without what is blank, and without the id of the decision. */
function blankless(request: SeenRequest | undefined) {
  const told = request ? [...identityOf(request)] : []
  return Object.fromEntries(told.filter(([name, values]) => name !== "x-portcullis-decision-id" && values.some((value) => value.trim() !== "")))
}
