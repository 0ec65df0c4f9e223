import { describe, expect, it } from "vitest"
import { PdpError } from "../../../src/errors.js"
import { gatewayJudge, gatewayNames, type JudgeOptions, type OriginalRequest } from "../../../src/gateway/index.js"
import { identityJudge } from "../../../src/gateway/judge.js"
import type { Explanation } from "../../../src/model/decision.js"
import type { Timers } from "../../../src/model/timers.js"
import { caller } from "./verdicts.js"

const request: OriginalRequest = { method: "GET", target: "/workspaces/ml?a=b", rawHeaders: ["Authorization", "Bearer x"] }
const facts: Explanation = {
  allowed: false,
  reasons: ["role_missing"],
  method: "GET",
  caller: "person",
  roles: {},
  missing_permissions: ["models.read"],
  required_scopes: [],
  revision: "00000001.7",
}

/** A PDP that allows, and ann who asks; each call is noted. */
function parts(
  other: Partial<JudgeOptions> & {
    readonly allowed?: boolean
    readonly explain?: () => Explanation
    readonly authorize?: JudgeOptions["pdp"]["authorize"]
  } = {},
) {
  const asked: unknown[] = []
  const { allowed = true, explain = () => facts, authorize, ...rest } = other
  const options: JudgeOptions = {
    pdp: {
      authorize: authorize ?? ((...all) => (asked.push(all), { allowed, revision: "00000001.7" })),
      explain,
      revision: () => "00000001.8",
    },
    authenticate: async (credentials) => {
      asked.push(credentials)
      return caller({ id: "ann", scopes: [] })
    },
    newDecisionId: () => "d-1",
    ...rest,
  }
  return { asked, judge: gatewayJudge(options), identity: identityJudge(options) }
}

/** Timers that ring when they are told to. */
function handTimers() {
  const waiting = new Map<() => void, number>()
  const timers: Timers = {
    after(ms, run) {
      waiting.set(run, ms)
      return () => waiting.delete(run)
    },
  }
  const ringAll = () => {
    for (const run of waiting.keys()) {
      waiting.delete(run)
      run()
    }
  }
  return { timers, ringAll, waits: () => [...waiting.values()] }
}

const failing = (error: unknown) => async () => {
  throw error
}

describe("gatewayJudge", () => {
  it("asks who it is by the token alone, and decides on the method and the whole target", async () => {
    const { asked, judge } = parts()
    const verdict = await judge("nginx", request, { origin: { requestId: "r-1" } })
    expect(verdict).toMatchObject({ kind: "allowed", isAuthorized: true, decisionId: "d-1", revision: "00000001.7" })
    expect(asked).toEqual([
      { rawHeaders: request.rawHeaders, trust: "none", onWait: expect.any(Function) },
      [
        { principal: { id: "ann", scopes: [] }, method: "GET", path: "/workspaces/ml?a=b" },
        { requestId: "r-1", decisionId: "d-1" },
      ],
    ])
  })

  it("denies with the reason of the policy", async () => {
    const verdict = await parts({ allowed: false }).judge("nginx", request)
    expect(verdict).toMatchObject({ kind: "denied", isAuthorized: false, refusal: { status: 403, code: "role_missing" }, revision: "00000001.7" })
    expect(verdict.caller?.principal.id).toBe("ann")
  })

  it("denies nobody with 401", async () => {
    const nobody = { authenticate: async () => caller({ id: "" }), explain: () => ({ ...facts, caller: "anonymous" as const }) }
    expect(await parts({ allowed: false, ...nobody }).judge("nginx", request)).toMatchObject({
      kind: "denied",
      refusal: { status: 401, code: "no_credentials" },
    })
  })

  it.each([
    ["ERR_UNAUTHENTICATED", "token_expired", 401, "denied"],
    ["ERR_UNAUTHENTICATED", "signature_invalid", 401, "denied"],
    ["ERR_INPUT_INVALID", "too_many_groups", 403, "denied"],
    ["ERR_INPUT_INVALID", undefined, 403, "denied"],
    ["ERR_IDP_UNAVAILABLE", "idp_unavailable", 401, "denied"],
    ["ERR_CONFIG_INVALID", undefined, 500, "failed"],
    ["ERR_OVERLOADED", undefined, 503, "failed"],
  ] as const)("who presents what is refused with %s %s gets %i (%s)", async (code, reason, status, kind) => {
    const { judge, asked } = parts({ authenticate: failing(new PdpError(code, "why", { reason })) })
    expect(await judge("envoy", request)).toMatchObject({ kind, isAuthorized: false, refusal: { status } })
    expect(asked).toEqual([])
  })

  it.each([
    [new PdpError("ERR_PDP_NOT_READY", "no data"), 503, "pdp_not_ready", "failed"],
    [new PdpError("ERR_PDP_STALE", "old"), 503, "pdp_stale", "failed"],
    [new PdpError("ERR_CLOSED", "closed"), 503, "closed", "failed"],
    [new PdpError("ERR_EVALUATION", "broken"), 500, "evaluation", "failed"],
    [new PdpError("ERR_EVALUATION", "full", { reason: "memory_exhausted" }), 403, "too_large", "denied"],
    [new PdpError("ERR_INPUT_INVALID", "path has 300 segments"), 403, "input_invalid", "denied"],
    [new PdpError("ERR_ENTRYPOINT_UNKNOWN", "no authz/allow"), 500, "config_invalid", "failed"],
    [new TypeError("a bug"), 500, "internal", "failed"],
  ])("a PDP that throws %s is %i %s (%s)", async (thrown, status, code, kind) => {
    const authorize = (): never => {
      throw thrown
    }
    expect(await parts({ authorize }).judge("envoy", request)).toMatchObject({ kind, isAuthorized: false, refusal: { status, code }, thrown })
  })

  it.each([undefined, null, "true", 1, {}])("takes %j for no permission", async (allowed) => {
    const authorize = () => Object.assign({ allowed: false, revision: "1" }, { allowed })
    expect(await parts({ authorize }).judge("envoy", request)).toMatchObject({ kind: "denied", isAuthorized: false })
  })

  it.each([new PdpError("ERR_ENTRYPOINT_UNKNOWN", "no authz/explain"), new PdpError("ERR_EVALUATION", "no facts"), new TypeError("a bug")])(
    "denies all the same when the deny cannot be explained: %s",
    async (thrown) => {
      const explain = () => {
        throw thrown
      }
      const denied = await parts({ allowed: false, explain }).judge("envoy", request)
      expect(denied).toMatchObject({ kind: "denied", refusal: { status: 403, code: "denied" }, thrown: { cause: thrown } })
      const nobody = parts({ allowed: false, explain, authenticate: async () => caller({ id: "" }) })
      expect(await nobody.judge("envoy", request)).toMatchObject({ kind: "denied", refusal: { status: 401, code: "no_credentials" } })
    },
  )

  it("refuses a principal whom headers cannot carry", async () => {
    const { judge, asked } = parts({ authenticate: async () => caller({ id: "josé" }) })
    expect(await judge("envoy", request)).toMatchObject({ kind: "denied", refusal: { status: 403, code: "principal_not_writable" } })
    expect(asked).toEqual([])
  })

  it.each([
    "",
    "*",
    "x",
    "//a",
    "/a//b",
    "/a/.",
    "/a/../b",
    "/a/%2e%2e/b",
    "/a;x=y",
    "/a%2Fb",
    "/a%5Cb",
    "/a\\b",
    "/a%00",
    "/a%252F",
    "/é",
    "/a b",
    "/a#b",
    "http://h/a",
    "?",
  ])("refuses the path %j before anything else, shadow mode or not", async (target) => {
    const shadow = [{ gateway: "*", path_prefix: "/" }] as const
    const { judge, asked } = parts({ shadow })
    for (const gateway of gatewayNames)
      expect(await judge(gateway, { ...request, target })).toMatchObject({ kind: "denied", refusal: { status: 403, code: "path_not_canonical" } })
    expect(asked).toEqual([])
  })

  it.each(["", "GET, POST", "GE T", "GET\t", "G\u00e9T", "x".repeat(65)])("refuses the method %j", async (method) => {
    const { judge, asked } = parts()
    expect(await judge("nginx", { ...request, method })).toMatchObject({ kind: "denied", refusal: { status: 403, code: "input_invalid" } })
    expect(asked).toEqual([])
  })

  it("waits for nothing of its own, and tells when an identity provider is waited for, and when that is over", async () => {
    const told: string[] = []
    const authenticate: JudgeOptions["authenticate"] = async (credentials) => {
      credentials.onWait?.()()
      return caller({ id: "ann" })
    }
    const asking = { onWait: () => (told.push("begun"), () => void told.push("over")) }
    await parts().judge("nginx", request, asking)
    expect(told).toEqual([])
    await parts({ authenticate }).judge("nginx", request, asking)
    expect(told).toEqual(["begun", "over"])
  })

  it("gives up on an identity provider that does not answer in time, with 401", async () => {
    const told: string[] = []
    const { timers, ringAll, waits } = handTimers()
    const authenticate: JudgeOptions["authenticate"] = ({ onWait }) => (onWait?.(), new Promise(() => undefined))
    const asking = { onWait: () => (told.push("begun"), () => void told.push("over")) }
    const judged = parts({ authenticate, timers, idpWaitMs: 70 }).judge("envoy", request, asking)
    expect([waits(), told]).toEqual([[70], ["begun"]])
    ringAll()
    expect(await judged).toMatchObject({ kind: "denied", refusal: { status: 401, code: "idp_unavailable" } })
    expect(told).toEqual(["begun", "over"])
  })

  it("does not give up while it waits for nobody outside, but then at once", async () => {
    const { timers, ringAll } = handTimers()
    const authenticate: JudgeOptions["authenticate"] = async ({ onWait }) => {
      onWait?.()()
      ringAll()
      await Promise.resolve()
      onWait?.()
      return new Promise(() => undefined)
    }
    expect(await parts({ authenticate, timers }).judge("envoy", request)).toMatchObject({ kind: "denied", refusal: { code: "idp_unavailable" } })
    const settled: JudgeOptions["authenticate"] = async ({ onWait }) => {
      onWait?.()()
      ringAll()
      return caller({ id: "ann" })
    }
    expect(await parts({ authenticate: settled, timers }).judge("envoy", request)).toMatchObject({ kind: "allowed" })
  })

  it("takes a path with '!' for unclear behind Envoy, which writes it for bytes that are no text", async () => {
    const { judge, identity } = parts({ shadow: [{ gateway: "*", path_prefix: "/" }] })
    for (const gateway of gatewayNames) {
      const isEnvoy = gateway.startsWith("envoy")
      expect((await judge(gateway, { ...request, target: "/workspaces/a!" })).kind, gateway).toBe(isEnvoy ? "denied" : "allowed")
      expect((await judge(gateway, { ...request, target: "/workspaces/a?b!" })).kind, gateway).toBe("allowed")
    }
    expect(await identity("envoy", { ...request, target: "/a!" })).toMatchObject({ kind: "allowed", isAuthorized: false })
  })

  it("has no revision where there is nothing to decide on", async () => {
    const revision = () => {
      throw new PdpError("ERR_PDP_NOT_READY", "no data")
    }
    const judge = gatewayJudge({ pdp: { authorize: revision, explain: () => facts, revision }, authenticate: async () => caller({ id: "ann" }) })
    expect(await judge("nginx", request)).toMatchObject({ kind: "failed", revision: "" })
  })

  it("gives every verdict an id of its own", async () => {
    const { judge } = parts({ newDecisionId: undefined })
    const ids = [await judge("nginx", request), await judge("nginx", { ...request, target: "//" })].map(({ decisionId }) => decisionId)
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  })
})

describe("gatewayJudge in shadow mode", () => {
  const shadow = [{ gateway: "nginx", path_prefix: "/workspaces" }] as const

  it.each([
    ["a deny", { allowed: false }, "role_missing"],
    ["a bad token", { authenticate: failing(new PdpError("ERR_UNAUTHENTICATED", "x", { reason: "token_expired" })) }, "token_expired"],
    ["a fault of ours", { authenticate: failing(new TypeError("x")) }, "internal"],
  ])("lets pass what would be stopped by %s, and is not authorized", async (_, other, code) => {
    expect(await parts({ shadow, ...other }).judge("nginx", request)).toMatchObject({ kind: "shadowed", isAuthorized: false, refusal: { code } })
  })

  it("says who asks as far as that is known", async () => {
    expect((await parts({ shadow, allowed: false }).judge("nginx", request)).caller?.principal.id).toBe("ann")
  })

  it("lets pass what is allowed as ever", async () => {
    expect(await parts({ shadow }).judge("nginx", request)).toMatchObject({ kind: "allowed", isAuthorized: true })
  })

  it("holds for its gateway and its prefix only", async () => {
    const { judge } = parts({ shadow, allowed: false })
    expect(await judge("caddy", request)).toMatchObject({ kind: "denied" })
    expect(await judge("nginx", { ...request, target: "/workspacesX" })).toMatchObject({ kind: "denied" })
  })
})

describe("gatewayJudge on preflights", () => {
  const preflight = {
    method: "OPTIONS",
    target: "/workspaces/ml",
    rawHeaders: ["Origin", "https://a.example", "Access-Control-Request-Method", "GET"],
  }
  const explain = () => ({ ...facts, endpoint: "/workspaces/{workspace}", reasons: ["not_authenticated"] as const })

  it("decides them like anything else by default", async () => {
    expect(await parts({ allowed: false, explain }).judge("nginx", preflight)).toMatchObject({ kind: "denied" })
  })

  it("lets those of known operations pass where that is configured, asking nobody who it is", async () => {
    const { judge, asked } = parts({ allowed: false, allowCorsPreflight: true, explain })
    const verdict = await judge("nginx", preflight)
    expect(verdict).toMatchObject({ kind: "allowed", isAuthorized: false, isPreflight: true })
    expect([verdict.caller, verdict.decision]).toEqual([undefined, undefined])
    expect(asked).toEqual([])
    expect(await judge("nginx", { ...preflight, target: "/workspaces//ml" })).toMatchObject({ kind: "denied" })
  })

  it("fails closed when that cannot be found out", async () => {
    const { judge } = parts({
      allowCorsPreflight: true,
      explain: () => {
        throw new PdpError("ERR_PDP_NOT_READY", "no data")
      },
    })
    expect(await judge("nginx", preflight)).toMatchObject({ kind: "failed", refusal: { status: 503 } })
  })
})

describe("identityJudge", () => {
  it("says who asks, and decides nothing", async () => {
    const { asked, identity } = parts({ allowed: false })
    const verdict = await identity("envoy", { ...request, target: "//odd" })
    expect(verdict).toMatchObject({ kind: "allowed", isAuthorized: false, caller: { principal: { id: "ann" } } })
    expect(verdict.decision).toBeUndefined()
    expect(asked).toHaveLength(1)
  })

  it("refuses nobody with 401", async () => {
    const { identity } = parts({ authenticate: async () => caller({ id: "" }) })
    expect(await identity("envoy", request)).toMatchObject({ kind: "denied", refusal: { status: 401, code: "no_credentials" } })
  })

  it("refuses what is no good token, and fails closed", async () => {
    const expired = parts({ authenticate: failing(new PdpError("ERR_UNAUTHENTICATED", "x", { reason: "token_expired" })) })
    expect(await expired.identity("envoy", request)).toMatchObject({ kind: "denied", refusal: { status: 401, code: "token_expired" } })
    const broken = parts({ authenticate: failing(new TypeError("x")) })
    expect(await broken.identity("envoy", request)).toMatchObject({ kind: "failed", refusal: { status: 500 } })
  })
})
