import { describe, expect, it } from "vitest"
import { envoyGrpc, type EnvoyGrpcOptions } from "../../../src/gateway/index.js"
import { refusal } from "../../../src/model/refusal.js"
import { answerIn, checkRequest, type EnvoyAsked } from "../../fixtures/envoy-client.js"
import { randomOf } from "../../differential/random.js"
import { caller } from "./verdicts.js"

const revision = "00000001.7"

function world(other: Partial<EnvoyGrpcOptions> = {}) {
  const asked: unknown[] = []
  const served = envoyGrpc({
    pdp: {
      authorize(request, origin) {
        asked.push({ request, origin })
        return { allowed: true, revision }
      },
      explain: () => {
        throw new Error("nobody asks why")
      },
      evaluate(entrypoint, input, origin) {
        asked.push({ entrypoint, input, origin })
        return true
      },
      revision: () => revision,
    },
    authenticate: async ({ rawHeaders }) => {
      asked.push({ rawHeaders })
      return caller({ id: "ann", scopes: [] })
    },
    retrySeconds: 5,
    headerPrefix: "X-NMP-",
    newDecisionId: () => "d-1",
    ...other,
  })
  const ask = (request: EnvoyAsked, origin = {}) => served.ask(checkRequest(request), { origin })
  return { ...served, asked, check: ask }
}

describe("Envoy over gRPC", () => {
  it("is judged on method, target and token alone", async () => {
    const { check, asked } = world()
    const headers = { authorization: "Bearer t", "x-nmp-principal-id": "root", "x-request-id": "r-1", cookie: "s" }
    const answer = await check(
      { method: "POST", path: "/a?b=c", headers, attributes: { source: { principal: "root" } } },
      { requestedBy: "10.0.0.1:1" },
    )
    expect(asked).toEqual([
      { rawHeaders: ["authorization", "Bearer t"] },
      {
        request: { principal: { id: "ann", scopes: [] }, method: "POST", path: "/a?b=c" },
        origin: { decisionId: "d-1", requestId: "r-1", host: "shop.example.com", requestedBy: "10.0.0.1:1" },
      },
    ])
    expect(answer).toMatchObject({ requestId: "r-1", verdict: { kind: "allowed", decisionId: "d-1" } })
  })

  it("names the request by Envoy's own id where there is no header, and by none that is no id", async () => {
    const { check } = world()
    expect((await check({ path: "/a" })).requestId).toBe("13359530607844510314")
    expect((await check({ path: "/a", headers: { "x-request-id": "two words" } })).requestId).toBe("")
  })

  it("writes the headers with the prefix that is configured, and takes off others of that prefix", async () => {
    const { check } = world({ headerPrefix: "X-Id-" })
    const { response } = await check({ path: "/a", headers: { "x-id-other": "1", x_id_authorized: "true" } })
    const answer = answerIn(response ?? Buffer.alloc(0))
    expect(answer.headers).toMatchObject({ "x-id-principal-id": "ann", "x-id-authorized": "true" })
    expect(answer.removed).toEqual(expect.arrayContaining(["x-id-other", "x_id_authorized"]))
  })

  it("is refused without a look, as told", () => {
    const denied = world().refuse(refusal(403, "peer_not_trusted", "no"))
    expect(denied.response && answerIn(denied.response)).toMatchObject({
      code: 7,
      status: 403,
      metadata: { reason: "peer_not_trusted", decision_id: "d-1" },
    })
    const failed = world().refuse(refusal(503, "overloaded", "no"))
    expect([failed.verdict.kind, failed.response]).toEqual(["failed", undefined])
  })

  it("is told nothing when signing fails", async () => {
    const broken = world({
      decisionKeys: () => {
        throw new Error("gone")
      },
    })
    expect(await broken.check({ path: "/a" })).toMatchObject({ verdict: { kind: "failed", refusal: { status: 500 } } })
    expect((await broken.check({ path: "/a" })).response).toBeUndefined()
  })

  it("is judged by a policy of one's own when that decides, and by ours again when it does", async () => {
    let entrypoint: string | undefined = "envoy/authz/allow"
    const { check, asked } = world({ ownEntrypoint: () => entrypoint })
    expect(await check({ path: "/a" })).toMatchObject({ verdict: { kind: "allowed", entrypoint: "envoy/authz/allow" } })
    expect(asked).toMatchObject([{ entrypoint: "envoy/authz/allow", input: { parsed_path: ["a"] }, origin: { decisionId: "d-1" } }])
    entrypoint = undefined
    expect((await check({ path: "/a" })).verdict.caller).toBeDefined()
  })

  it("never rejects, whatever bytes come, and never lets pass what is none", async () => {
    const { ask } = world()
    const whole = checkRequest({ path: "/a", headers: { authorization: "Bearer t" } })
    const random = randomOf(7).int
    for (let round = 0; round < 2_000; round++) {
      const bytes = Buffer.from(whole)
      const cut = bytes.subarray(0, random(bytes.length + 1))
      for (let flip = random(4); flip > 0; flip--) if (cut.length > 0) cut[random(cut.length)] = random(256)
      const { verdict, response } = await ask(cut, {})
      if (verdict.kind === "failed") expect(verdict.refusal?.status).toBe(500)
      else expect(response && answerIn(response).code === 0).toBe(verdict.kind === "allowed")
    }
    const { verdict } = await ask(whole.subarray(0, whole.length - 1), {})
    expect(verdict).toMatchObject({ kind: "denied", refusal: { code: "input_invalid" } })
  })
})
