import { describe, expect, it } from "vitest"
import { PdpError } from "../../../src/errors.js"
import { gateways, httpGatewayNames, outcomeOf, type GatewaysOptions, type HttpGatewayName } from "../../../src/gateway/index.js"
import type { Explanation } from "../../../src/model/decision.js"
import { refusal } from "../../../src/model/refusal.js"
import { caller, stopped, verdict } from "./verdicts.js"

const others = httpGatewayNames.filter((name) => name !== "nginx")

const facts: Explanation = {
  allowed: false,
  reasons: ["role_missing"],
  method: "GET",
  caller: "person",
  roles: {},
  missing_permissions: [],
  required_scopes: [],
  revision: "00000001.7",
}

interface WorldOptions extends Partial<GatewaysOptions> {
  readonly authorize?: () => { allowed: boolean; revision: string }
  readonly explain?: () => Explanation
}

function world(other: WorldOptions = {}) {
  const { authorize = () => ({ allowed: true, revision: "00000001.7" }), explain = () => facts, ...rest } = other
  const revision = () => "00000001.7"
  const served = gateways({
    pdp: { authorize, explain, revision },
    authenticate: async () => caller({ id: "ann", scopes: [] }),
    retrySeconds: 5,
    headerPrefix: "X-NMP-",
    newDecisionId: () => "d-1",
    ...rest,
  })
  return { ...served, askFor: (name: HttpGatewayName, ...more: readonly string[]) => served.ask(name, questionOf(name, more), {}) }
}

function questionOf(name: HttpGatewayName, more: readonly string[] = []) {
  if (name === "envoy") return { method: "GET", target: "/apis/auth/ext-authz/a?b", rawHeaders: more }
  const told = name === "nginx" ? ["X-Original-URI", "/a?b", "X-Original-Method", "GET"] : ["X-Forwarded-Uri", "/a?b", "X-Forwarded-Method", "GET"]
  return { method: "GET", target: `/gateway/${name}`, rawHeaders: [...told, ...more] }
}

const headersOf = ({ answer }: { answer: { headers: readonly (readonly [string, string])[] } }) => Object.fromEntries(answer.headers)

describe("gateways", () => {
  it.each(httpGatewayNames)("%s is told to let pass what is allowed, and who asks", async (name) => {
    const answered = await world().askFor(name)
    expect(answered.answer).toMatchObject({ status: name === "nginx" ? 204 : 200, body: "" })
    expect(headersOf(answered)).toMatchObject({ "X-NMP-Principal-Id": "ann", "X-NMP-Authorized": "true", "Cache-Control": "no-store" })
    expect(answered.verdict.request).toEqual({ method: "GET", target: "/a?b", rawHeaders: [] })
  })

  it.each(httpGatewayNames)("%s is told why not, in JSON", async (name) => {
    const answered = await world({ authorize: () => ({ allowed: false, revision: "00000001.7" }) }).askFor(name)
    expect(answered.answer.status).toBe(403)
    expect(JSON.parse(answered.answer.body)).toMatchObject({ code: "role_missing", decision_id: "d-1", detail: expect.any(String) })
    const headers = headersOf(answered)
    expect(headers).toMatchObject({ "Content-Type": "application/json", "Cache-Control": "no-store", "X-Portcullis-Decision-Id": "d-1" })
    expect(Object.keys(headers).filter((header) => header.startsWith("X-NMP-"))).toEqual([])
  })

  it.each(httpGatewayNames)("%s is told 401 with a challenge when nobody or nobody known asks", async (name) => {
    const authenticate = async () => {
      throw new PdpError("ERR_UNAUTHENTICATED", "old", { reason: "token_expired" })
    }
    const answered = await world({ authenticate }).askFor(name)
    expect(answered.answer.status).toBe(401)
    expect(headersOf(answered)["WWW-Authenticate"]).toMatch(/^Bearer error="invalid_token"/)
  })

  it.each(httpGatewayNames)("%s is told 401 and when to try again when the identity provider is away", async (name) => {
    const authenticate = async () => {
      throw new PdpError("ERR_IDP_UNAVAILABLE", "away", { reason: "idp_unavailable" })
    }
    const answered = await world({ authenticate }).askFor(name)
    expect(answered.answer.status).toBe(401)
    expect(headersOf(answered)).toMatchObject({ "Retry-After": "5", "WWW-Authenticate": expect.stringContaining("idp_unavailable") })
    expect(outcomeOf(answered.verdict)).toBe("denied")
  })

  it.each([
    [new PdpError("ERR_PDP_NOT_READY", "no data"), 503],
    [new PdpError("ERR_PDP_STALE", "old"), 503],
    [new PdpError("ERR_EVALUATION", "broken"), 500],
    [new TypeError("a bug"), 500],
  ])("faults of ours are 5xx, and 403 for NGINX, which knows no other: %s", async (thrown, status) => {
    const { askFor } = world({
      authorize: () => {
        throw thrown
      },
    })
    for (const name of others) expect((await askFor(name)).answer.status, name).toBe(status)
    const answered = await askFor("nginx")
    expect(answered.answer.status).toBe(403)
    expect(answered.answer.body).not.toContain("a bug")
    expect(outcomeOf(answered.verdict)).toBe("failed")
  })

  it.each(httpGatewayNames)("%s is told 403 when it cannot be read, before anybody is asked", async (name) => {
    const asked: string[] = []
    const { ask, askFor } = world({ authenticate: async () => (asked.push("asked"), caller({ id: "ann" })) })
    const foreign = name === "nginx" ? "X-Forwarded-Uri" : "X-Original-URI"
    const unread = [await askFor(name, foreign, "/public"), await ask(name, { ...questionOf(name), rawHeaders: [foreign, "/"] }, {})]
    for (const { answer, verdict: of } of unread) {
      expect(answer.status).toBe(403)
      expect(JSON.parse(answer.body)).toMatchObject({ code: "input_invalid" })
      expect(outcomeOf(of)).toBe("denied")
    }
    expect(asked).toEqual([])
  })

  it.each(httpGatewayNames)("%s does not pass in shadow mode when it cannot be read", async (name) => {
    const { ask } = world({ shadow: [{ gateway: "*", path_prefix: "/" }] })
    const answered = await ask(name, { ...questionOf(name), target: "/apis/auth/ext-authz", rawHeaders: ["X-Rewrite-URL", "/"] }, {})
    expect(answered.answer.status).toBe(403)
  })

  it.each(httpGatewayNames)("%s is told to let pass in shadow mode what would be denied, and that it would", async (name) => {
    const { askFor } = world({ shadow: [{ gateway: name, path_prefix: "/" }], authorize: () => ({ allowed: false, revision: "1" }) })
    const answered = await askFor(name)
    expect(answered.answer.status).toBe(name === "nginx" ? 204 : 200)
    expect(headersOf(answered)).toMatchObject({
      "X-NMP-Principal-Id": "ann",
      "X-NMP-Authorized": "",
      "X-Portcullis-Shadow": "denied; code=role_missing",
    })
    expect(outcomeOf(answered.verdict)).toBe("shadow_denied")
  })

  it.each([
    [refusal(503, "overloaded", "busy", { "Retry-After": "1" }), 503, 403],
    [refusal(503, "closed", "stopping"), 503, 403],
    [refusal(403, "peer_not_trusted", "who are you"), 403, 403],
    [refusal(400, "input_invalid", "send HTTP/1.1", { Connection: "close" }), 403, 403],
    [refusal(431, "headers_too_large", "too many"), 403, 403],
  ])("what is refused without a look keeps its code: %o", (reason, status, ofNginx) => {
    const { refuse } = world({ shadow: [{ gateway: "*", path_prefix: "/" }] })
    for (const name of httpGatewayNames) {
      const { answer } = refuse(name, questionOf(name), reason)
      expect(answer.status, name).toBe(name === "nginx" ? ofNginx : status)
      expect(JSON.parse(answer.body)).toMatchObject({ code: reason.code })
      expect(Object.fromEntries(answer.headers)).toMatchObject(reason.headers ?? {})
    }
  })

  it("drops every header by which a client could say who it is", async () => {
    const sent = [
      "X-NMP-Principal-Id",
      "root",
      "x_nmp_authorized",
      "true",
      "Cookie",
      "a=b",
      "X-Portcullis-At-Least",
      "9",
      "AUTHORIZATION",
      "Bearer x",
      "X-HTTP-Method-Override",
      "DELETE",
      "Origin",
      "o",
      "access-control-request-method",
      "PUT",
    ]
    for (const name of httpGatewayNames)
      expect((await world().askFor(name, ...sent)).verdict.request.rawHeaders, name).toEqual([
        "AUTHORIZATION",
        "Bearer x",
        "Origin",
        "o",
        "access-control-request-method",
        "PUT",
      ])
  })

  it.each(httpGatewayNames)("%s is told 403 for more than 300 headers, and for names that CGI reads like ours", async (name) => {
    const own = questionOf(name).rawHeaders.length / 2
    const filled = (count: number) => Array.from({ length: count - own }, (_, at) => [`X-Filler-${at}`, "x"]).flat()
    const codeOf = async (...more: readonly string[]) => (await world().askFor(name, ...more)).verdict.refusal?.code
    expect(await codeOf(...filled(300))).toBeUndefined()
    expect(await codeOf(...filled(301))).toBe("input_invalid")
    for (const odd of ["X.NMP.Principal.Id", "x-nmp.scopes", "X-NMP-Principal.Id", "X~Portcullis-Decision", "X'NMP_Scopes"])
      expect(await codeOf(odd, "x"), odd).toBe("input_invalid")
    expect(await codeOf("X-NMP-Principal-Id", "x", "X_NMP_Scopes", "x", "X.Other.Thing", "x", "X.NMPrincipal", "x")).toBeUndefined()
  })

  it("tells Envoy to take copies of the client off", async () => {
    const answered = await world().askFor("envoy", "X-NMP-Foo", "1", "x_nmp_principal-id", "root")
    const removed = headersOf(answered)["X-Envoy-Auth-Headers-To-Remove"]?.split(",")
    expect(removed).toEqual(expect.arrayContaining(["x-nmp-foo", "x_nmp_principal-id", "x_nmp_principal_id"]))
    expect(removed).not.toContain("x-nmp-principal-id")
    for (const name of others.filter((one) => one !== "envoy"))
      expect(headersOf(await world().askFor(name))).not.toHaveProperty("X-Envoy-Auth-Headers-To-Remove")
  })

  it("cuts Envoy's prefix off once", async () => {
    const { ask } = world()
    const targetOf = async (target: string) => (await ask("envoy", { method: "GET", target, rawHeaders: [] }, {})).verdict.request.target
    expect(await targetOf("/apis/auth/ext-authz/apis/auth/ext-authz/x?y=/apis/auth/ext-authz")).toBe("/apis/auth/ext-authz/x?y=/apis/auth/ext-authz")
    expect(await targetOf("/apis/auth/ext-authz")).toBe("")
    expect(await targetOf("/apis/auth/ext-authz?a")).toBe("?a")
  })

  it("only authenticates for Envoy where that is configured, and still decides for the others", async () => {
    const { askFor } = world({ envoyMode: "authenticate", authorize: () => ({ allowed: false, revision: "1" }) })
    const answered = await askFor("envoy")
    expect(answered.answer.status).toBe(200)
    expect(headersOf(answered)).toMatchObject({ "X-NMP-Principal-Id": "ann", "X-NMP-Authorized": "", "X-Portcullis-Decision": "" })
    expect((await askFor("caddy")).answer.status).toBe(403)
  })

  it.each(httpGatewayNames)("%s is told that a preflight passes, and neither that it is authorized nor by whom", async (name) => {
    const explain = () => ({ ...facts, endpoint: "/a" })
    const { ask } = world({ allowCorsPreflight: true, decisionKeys: () => ["a key of at least thirty-two characters"], explain })
    const question = questionOf(name, ["Origin", "https://a.example", "Access-Control-Request-Method", "GET"])
    const rawHeaders = question.rawHeaders.map((value, at) => (/method$/i.test(question.rawHeaders[at - 1] ?? "") && at < 4 ? "OPTIONS" : value))
    const answered = await ask(name, { ...question, ...(name === "envoy" && { method: "OPTIONS" }), rawHeaders }, {})
    expect(answered.answer.status).toBe(name === "nginx" ? 204 : 200)
    expect(headersOf(answered)).toMatchObject({ "X-NMP-Principal-Id": "", "X-NMP-Authorized": "", "X-Portcullis-Decision": "" })
    expect(outcomeOf(answered.verdict)).toBe("preflight")
  })

  it("signs decisions, and refuses when it should and cannot", async () => {
    const key = "a key of at least thirty-two characters"
    const signed = await world({ decisionKeys: () => [key], now: () => 0 }).askFor("caddy")
    expect(headersOf(signed)["X-Portcullis-Decision"]).toMatch(/^1\.20000\./)
    const unsigned = await world({ decisionKeys: () => ["short"] }).askFor("caddy")
    expect(unsigned.answer.status).toBe(500)
    expect(outcomeOf(unsigned.verdict)).toBe("failed")
  })
})

describe("outcomeOf", () => {
  it.each([
    [verdict(), "allowed"],
    [stopped("denied", 401, "x"), "denied"],
    [stopped("failed", 503, "x"), "failed"],
    [stopped("shadowed", 403, "x"), "shadow_denied"],
    [stopped("shadowed", 503, "x"), "failed"],
  ])("counts %o", (of, outcome) => {
    expect(outcomeOf(of)).toBe(outcome)
  })
})
