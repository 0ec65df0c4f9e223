import { describe, expect, it, onTestFinished, vi } from "vitest"
import { decisionProof } from "../../../src/authn/index.js"
import { memorySource } from "../../../src/index.js"
import { admission, type AdmissionOptions, type AdmissionRequest, type DecisionEvent } from "../../../src/middleware/index.js"
import type { Principal } from "../../../src/model/principal.js"
import { modelsPdp } from "../pdp/world.js"

const now = 1_800_000_000_000
const key = "0123456789abcdef0123456789abcdef"
const secret = "the secret of a gateway"
const target = "/workspaces/secret/models?limit=1"
const path = "/workspaces/secret/models"
const gateway = { decisionId: "d-1", revision: "0000abcd.7" }
const stranger: Principal = { kind: "person", id: "stranger@example.com", email: "stranger@example.com", groups: ["a", "b"] }
const strangerHeaders = [
  ["X-NMP-Principal-Id", "stranger@example.com"],
  ["X-NMP-Principal-Email", "stranger@example.com"],
  ["X-NMP-Principal-Groups", "a,b"],
  ["X-NMP-Principal-On-Behalf-Of", ""],
  ["X-NMP-Principal-On-Behalf-Of-Email", ""],
  ["X-NMP-Principal-On-Behalf-Of-Groups", ""],
  ["X-NMP-Scopes", "*"],
] as const

type Field = readonly [name: string, value: string]
const proof = (principal: Principal = stranger, signer = key, expiresAt = now + 10_000, method = "GET"): string =>
  decisionProof({ method, path, principal, ...gateway }, signer, expiresAt)
const authorized: Field = ["X-NMP-Authorized", "true"]
const fromGateway: Field = ["X-Portcullis-Peer-Secret", secret]
const decided = (value = proof()): Field => ["X-Portcullis-Decision", value]
const allOfIt = [...strangerHeaders, authorized, fromGateway, decided()]

function asked(fields: readonly Field[], request: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const headers = Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]))
  const peer = { rawHeaders: fields.flat(), headers, socket: { remoteAddress: "127.0.0.1" } }
  return { method: "GET", target, rawHeaders: fields.flat(), atLeast: undefined, peer, gone: () => new AbortController().signal, ...request }
}

/** A host whose own PDP denies the stranger everything. */
async function host(options: Partial<AdmissionOptions> = {}) {
  const { pdp } = await modelsPdp({ source: memorySource([]) })
  onTestFinished(() => pdp.close())
  const authorize = vi.fn(pdp.authorize)
  const events: DecisionEvent[] = []
  const admit = admission({
    pdp: { ...pdp, authorize },
    peers: { trustedPeers: ["loopback"], secrets: () => [secret] },
    gatewayDecisions: { keys: () => [key] },
    authentication: { hooks: { now: () => now } },
    onDecision: (event) => void events.push(event),
    ...options,
  })
  return { admit, authorize, events }
}

describe("a decision of a gateway", () => {
  it("lets in whom it names without another one, and says so", async () => {
    const { admit, authorize, events } = await host()
    const caller = { principal: stranger, proof: "principal_headers", dropped: [] }
    const decision = { allowed: true, revision: gateway.revision }
    expect(await admit(asked(allOfIt))).toEqual({ kind: "admitted", admission: { principal: stranger, decision, caller, gateway } })
    expect(authorize).not.toHaveBeenCalled()
    expect(events).toEqual([{ method: "GET", path: target, caller, decision, gateway }])
  })

  it("counts for nobody, whom public operations let in", async () => {
    const { admit } = await host()
    const blank = strangerHeaders.map(([name]): Field => [name, name === "X-NMP-Scopes" ? "*" : ""])
    const outcome = await admit(asked([...blank, authorized, fromGateway, decided(proof({ id: "" }))]))
    expect(outcome).toMatchObject({ kind: "admitted", admission: { principal: { id: "" }, caller: { proof: "none" }, gateway } })
  })

  it("counts for a service on behalf of a person", async () => {
    const principal: Principal = { kind: "service", id: "bot", scopes: ["a:b", "c"], onBehalfOf: { id: "ann", email: "ann@x.io", groups: ["g"] } }
    const { admit } = await host()
    const fields: readonly Field[] = [
      ["X-NMP-Principal-Id", "service:bot"],
      ["X-NMP-Principal-Email", ""],
      ["X-NMP-Principal-Groups", ""],
      ["X-NMP-Principal-On-Behalf-Of", "ann"],
      ["X-NMP-Principal-On-Behalf-Of-Email", "ann@x.io"],
      ["X-NMP-Principal-On-Behalf-Of-Groups", "g"],
      ["X-NMP-Scopes", "a:b c"],
    ]
    expect(await admit(asked([...fields, authorized, fromGateway, decided(proof(principal))]))).toMatchObject({
      kind: "admitted",
      admission: { principal, gateway },
    })
  })

  it("counts for names that only tokens hold", async () => {
    const principal: Principal = { kind: "person", id: "auth0|5f (a)", email: "o'brien@x.io", groups: ["Domain Users", "a;b"], scopes: [] }
    const { admit } = await host()
    const fields: readonly Field[] = [
      ["X-NMP-Principal-Id", "auth0|5f (a)"],
      ["X-NMP-Principal-Email", "o'brien@x.io"],
      ["X-NMP-Principal-Groups", "Domain Users,a;b"],
      ["X-NMP-Scopes", " "],
    ]
    expect(await admit(asked([...fields, authorized, fromGateway, decided(proof(principal))]))).toMatchObject({ admission: { principal, gateway } })
  })

  it("counts by the other prefix where the headers have one", async () => {
    const { admit } = await host({ authentication: { headerPrefix: "X-Auth-", hooks: { now: () => now } } })
    const renamed = allOfIt.map(([name, value]): Field => [name.replace("X-NMP-", "X-Auth-"), value])
    expect(await admit(asked(renamed))).toMatchObject({ admission: { gateway } })
    expect(await admit(asked(allOfIt))).toMatchObject({ kind: "refused" })
  })

  it("counts for the path that is decided on here, when the gateway takes off what it begins with", async () => {
    const { admit } = await host()
    expect(await admit(asked(allOfIt, { target: "/models" }), () => path)).toMatchObject({ admission: { gateway } })
    expect(await admit(asked(allOfIt), () => "/workspaces/other/models")).toMatchObject({ kind: "refused" })
  })

  it("is no decision on the revision that somebody waits for", async () => {
    const { admit, authorize, events } = await host()
    expect(await admit(asked(allOfIt, { atLeast: "ffffffff.1" }))).toMatchObject({ kind: "refused", answer: { status: 409 } })
    expect(await admit(asked(allOfIt, { atLeast: "" }))).toMatchObject({ kind: "refused" })
    expect([authorize.mock.calls.length, events.some(({ unproven }) => unproven)]).toEqual([0, false])
  })

  it("counts by a key that is being replaced", async () => {
    const { admit } = await host({ gatewayDecisions: { keys: () => ["another key that is as long as it must be", key] } })
    expect(await admit(asked(allOfIt))).toMatchObject({ admission: { gateway } })
  })
})

const without = (name: string): readonly Field[] => allOfIt.filter(([one]) => one !== name)
const changed = (name: string, value: string): readonly Field[] => allOfIt.map((field): Field => (field[0] === name ? [name, value] : field))

describe("is decided on again, and told why,", () => {
  it.each<[string, readonly Field[], string | undefined]>([
    ["without X-NMP-Authorized", without("X-NMP-Authorized"), undefined],
    ["with a blank one, as in shadow mode", changed("X-NMP-Authorized", ""), undefined],
    ["with another one", changed("X-NMP-Authorized", "yes"), "header_malformed"],
    ["with two of them", [...allOfIt, authorized], "header_malformed"],
    ["with a twin of it", [...allOfIt, ["X_NMP_Authorized", ""]], "header_malformed"],
    ["with a twin instead of it", [...without("X-NMP-Authorized"), ["X-NMP_Authorized", "true"]], "header_malformed"],
    ["without a proof", without("X-Portcullis-Decision"), "decision_missing"],
    ["with a blank proof", changed("X-Portcullis-Decision", " "), "decision_missing"],
    ["with two proofs", [...allOfIt, decided()], "header_malformed"],
    ["with a twin of the proof", [...allOfIt, ["X_Portcullis_Decision", proof()]], "header_malformed"],
    ["with nonsense as a proof", changed("X-Portcullis-Decision", "1.2.3.4.5"), "decision_not_proven"],
    ["by another key", changed("X-Portcullis-Decision", proof(stranger, `${key}0`)), "decision_not_proven"],
    ["for another method", changed("X-Portcullis-Decision", proof(stranger, key, now + 1, "POST")), "decision_not_proven"],
    ["too late", changed("X-Portcullis-Decision", proof(stranger, key, now)), "decision_not_proven"],
    ["for too long", changed("X-Portcullis-Decision", proof(stranger, key, now + 30_001)), "decision_not_proven"],
    ["for another principal", changed("X-NMP-Principal-Id", "root@example.com"), "decision_not_proven"],
    ["for another group", changed("X-NMP-Principal-Groups", "a,c"), "decision_not_proven"],
    ["for other scopes", changed("X-NMP-Scopes", ""), "decision_not_proven"],
    ["with a principal header less", without("X-NMP-Principal-Email"), "decision_not_proven"],
    ["with a delegate more", changed("X-NMP-Principal-On-Behalf-Of", "ann"), "decision_not_proven"],
    ["with a principal that is none", changed("X-NMP-Principal-Id", "a b"), "decision_not_proven"],
    ["with a principal of control characters", changed("X-NMP-Principal-Id", "a\u0001b"), "principal_malformed"],
    ["with two principals", [...allOfIt, strangerHeaders[0]], "principal_malformed"],
    ["without the secret", without("X-Portcullis-Peer-Secret"), "peer_not_proven"],
    ["with a wrong secret", changed("X-Portcullis-Peer-Secret", "another secret, as long"), "peer_not_proven"],
    ["with the secret twice", [...allOfIt, fromGateway], "peer_not_proven"],
  ])("what comes %s", async (_how, fields, reason) => {
    const { admit, events } = await host()
    expect((await admit(asked(fields))).kind).toBe("refused")
    expect(events).toMatchObject([{ refusal: { status: expect.any(Number) } }])
    expect([events[0]?.unproven?.reason, events[0]?.gateway]).toEqual([reason, undefined])
  })

  it.each(["//workspaces/secret/models", "/workspaces/secret/./models", "/workspaces/secret;/models", "*", ""])(
    "what comes for %j, whose path is not canonical",
    async (odd) => {
      const { admit, events } = await host()
      const value = decisionProof({ method: "GET", path: odd, principal: stranger, ...gateway }, key, now + 1)
      expect((await admit(asked(changed("X-Portcullis-Decision", value), { target: odd }))).kind).toBe("refused")
      expect((await admit(asked(allOfIt, { target: odd }), () => path)).kind).toBe("refused")
      expect(events.map(({ unproven }) => unproven?.reason)).toEqual(["path_not_canonical", "path_not_canonical"])
    },
  )

  it("what comes from a peer that cannot be known", async () => {
    const { admit, events } = await host()
    expect((await admit(asked(allOfIt, { peer: undefined }))).kind).toBe("refused")
    expect(events[0]?.unproven).toEqual({ reason: "peer_not_proven" })
  })

  it.each([
    ["fewer than 32 characters", () => [key, "short"]],
    ["none", () => []],
    ["a promise", async () => [key]],
    [
      "an error",
      () => {
        throw new Error("unreadable")
      },
    ],
  ])("what comes while the keys are %s", async (_what, keys) => {
    const { admit, events } = await host({ ...JSON.parse("{}"), gatewayDecisions: { keys } })
    expect((await admit(asked(allOfIt))).kind).toBe("refused")
    expect(events[0]?.unproven).toEqual({ reason: "keys_unusable", error: expect.any(Error) })
  })

  it("and who is allowed by the host's own decision is let in", async () => {
    const { pdp } = await modelsPdp()
    onTestFinished(() => pdp.close())
    const { admit, events } = await host({ pdp })
    const fields: readonly Field[] = [["X-NMP-Principal-Id", "ann@example.com"], authorized, fromGateway, decided()]
    const outcome = await admit(asked(fields, { target: "/workspaces/ml/models" }))
    expect(outcome).toMatchObject({ kind: "admitted", admission: { decision: { revision: pdp.revision() } } })
    expect(outcome).not.toHaveProperty("admission.gateway")
    expect(events).toMatchObject([{ decision: { allowed: true }, unproven: { reason: "decision_not_proven" } }])
  })
})

describe("without the option", () => {
  it("nothing of it is looked at", async () => {
    const { admit, events } = await host({ gatewayDecisions: undefined })
    expect((await admit(asked(allOfIt))).kind).toBe("refused")
    expect(events[0]).not.toHaveProperty("unproven")
  })
})

describe("the option", () => {
  it.each([
    ["without peers that can be proven", { peers: { trustedPeers: ["loopback", "10.0.0.0/8", "unix"] } }],
    ["without peers", { peers: undefined }],
    ["without keys", { gatewayDecisions: {} }],
    ["with keys that are no function", { gatewayDecisions: { keys: [key] } }],
    ["with something else in it", { gatewayDecisions: { keys: () => [key], key } }],
  ])("is refused %s", async (_what, options) => {
    await expect(host({ ...JSON.parse("{}"), ...options })).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
  })

  it("takes a client certificate for a proof", async () => {
    await expect(host({ peers: { trustedPeers: ["certificate:gateway"] } })).resolves.toBeDefined()
  })

  it("warns of keys that cannot be used where nobody listens", async () => {
    const spy = vi.spyOn(process, "emitWarning").mockImplementation(() => {})
    onTestFinished(() => spy.mockRestore())
    const { admit } = await host({ gatewayDecisions: { keys: () => [] }, onDecision: undefined })
    expect((await admit(asked(allOfIt))).kind).toBe("refused")
    expect(spy).toHaveBeenCalledWith(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })
})
