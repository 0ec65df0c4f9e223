import { join } from "node:path"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { createPdp, PdpError, type Pdp } from "../../../src/index.js"
import { admission, type AdmissionOptions, type AdmissionRequest, type DecisionEvent } from "../../../src/middleware/index.js"
import { root } from "../../fixtures/sidecar.js"
import { modelsPdp } from "../pdp/world.js"

const models = "/workspaces/ml/models"
const peer = { rawHeaders: [], headers: {}, socket: { remoteAddress: "127.0.0.1" } }

function asked(id: string | undefined, request: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const rawHeaders = id === undefined ? [] : ["X-NMP-Principal-Id", id]
  return { method: "GET", target: models, rawHeaders, atLeast: undefined, peer, gone: () => new AbortController().signal, ...request }
}

async function trusting(options: Partial<AdmissionOptions> = {}) {
  const { pdp } = await modelsPdp()
  onTestFinished(() => pdp.close())
  return { pdp, admit: admission({ pdp, peers: { trustedPeers: ["loopback"] }, ...options }) }
}

async function refusedCode(outcome: ReturnType<ReturnType<typeof admission>>): Promise<unknown> {
  const found = await outcome
  return found.kind === "refused" ? [found.answer.status, JSON.parse(found.answer.text).code] : found.kind
}

describe("admission", () => {
  it("gives who asks with the decision", async () => {
    const { admit, pdp } = await trusting()
    const principal = { kind: "person", id: "ann@example.com" }
    const caller = { principal, proof: "principal_headers", dropped: [] }
    const decision = { allowed: true, revision: pdp.revision() }
    expect(await admit(asked("ann@example.com"))).toEqual({ kind: "admitted", admission: { principal, caller, decision } })
  })

  it("believes nobody by a header when the peer is not known", async () => {
    const { admit } = await trusting()
    expect(await refusedCode(admit(asked("ann@example.com", { peer: undefined })))).toEqual([401, "principal_header_rejected"])
  })

  it("tells of each decision and refusal once, before it takes effect", async () => {
    const events: DecisionEvent[] = []
    const { admit } = await trusting({ onDecision: (event) => void events.push(event), open: ["/login"] })
    await admit(asked("ann@example.com"))
    await admit(asked("ann@example.com", { method: "POST" }))
    await admit(asked("x y"))
    await admit(asked(undefined, { target: "/login" }))
    expect(events).toMatchObject([
      { method: "GET", path: models, caller: { principal: { id: "ann@example.com" } }, decision: { allowed: true } },
      { method: "POST", decision: { allowed: false }, refusal: { status: 403, code: "role_insufficient", decisionId: expect.any(String) } },
      { refusal: { status: 400, code: "input_invalid" } },
    ])
    expect(events[2]).not.toHaveProperty("caller")
    expect(events).toHaveLength(3)
  })

  it.each([
    ["throws", () => fail("no disk")],
    ["rejects", async () => fail("no disk")],
    ["throws a deny", () => fail(new PdpError("ERR_DENIED", "no"))],
  ])("lets nobody in unheard, when the listener %s", async (_how, onDecision) => {
    const found = warnings()
    const { admit } = await trusting({ onDecision })
    expect(await refusedCode(admit(asked("ann@example.com")))).toEqual([500, "internal"])
    expect(found).toEqual([expect.any(Error)])
  })

  it("warns of a failure inside where nobody listens", async () => {
    const found = warnings()
    const fault = new Error("inside")
    const { admit } = await trusting({ pdp: { ...nothing, authorize: () => fail(fault) } })
    expect(await refusedCode(admit(asked("ann@example.com")))).toEqual([500, "internal"])
    expect(found).toEqual([fault])
  })

  it.each([
    ["ERR_PDP_NOT_READY", 503, "pdp_not_ready"],
    ["ERR_PDP_STALE", 503, "pdp_stale"],
    ["ERR_CLOSED", 503, "closed"],
    ["ERR_EVALUATION", 500, "evaluation"],
  ] as const)("answers %s, and lets nobody in", async (code, status, name) => {
    const { admit } = await trusting({ pdp: { ...nothing, authorize: () => fail(new PdpError(code, "no")) }, onDecision: () => {} })
    expect(await refusedCode(admit(asked("ann@example.com")))).toEqual([status, name])
  })

  it.each([["truthy"], [1], [{}], [undefined]])("lets nobody in by a decision that says %j", async (allowed) => {
    const decision = JSON.parse(JSON.stringify({ allowed, revision: "00000001.1" }))
    const facts = JSON.parse(
      '{"allowed":false,"reasons":["role_missing"],"caller":"person","roles":{},"missing_permissions":[],"required_scopes":[]}',
    )
    const { admit } = await trusting({ pdp: { ...nothing, authorize: () => decision, explain: () => facts } })
    expect(await refusedCode(admit(asked("ann@example.com")))).toEqual([403, "role_missing"])
  })

  it("denies by a policy of the host's own that has no facts", async () => {
    const explain = () => fail(new PdpError("ERR_ENTRYPOINT_UNKNOWN", "none"))
    const { admit } = await trusting({ pdp: { ...nothing, authorize: () => ({ allowed: false, revision: "00000001.1" }), explain } })
    expect(await refusedCode(admit(asked("ann@example.com")))).toEqual([403, "denied"])
    expect(await refusedCode(admit(asked(undefined)))).toEqual([401, "no_credentials"])
  })

  it("blames the host for a policy that cannot decide on requests", async () => {
    const pdp = await createPdp({ policy: { wasm: join(root, "examples/own-policy/policy.wasm"), data: { owners: {} } } })
    onTestFinished(() => pdp.close())
    const { admit } = await trusting({ pdp, onDecision: () => {} })
    expect(await refusedCode(admit(asked("ann@example.com")))).toEqual([500, "config_invalid"])
  })

  it.each([
    ["open", { open: async () => true }],
    ["open", { open: () => "yes" }],
    ["open", { open: () => fail("broken") }],
  ])("lets nobody in when the option %s answers no boolean (%o)", async (_name, options) => {
    const { admit } = await trusting({ onDecision: () => {}, ...JSON.parse("{}"), ...options })
    expect(await refusedCode(admit(asked("ann@example.com")))).toEqual([500, expect.any(String)])
  })

  it("decides on the path that the host says, and lets nobody in when that is none", async () => {
    const { admit } = await trusting({ onDecision: () => {} })
    const elsewhere = asked("ann@example.com", { target: "/api/models" })
    expect(await refusedCode(admit(elsewhere, () => models))).toBe("admitted")
    expect(await refusedCode(admit(elsewhere, () => JSON.parse("null")))).toEqual([500, "config_invalid"])
    expect(await refusedCode(admit(elsewhere, () => fail("broken")))).toEqual([500, "internal"])
  })

  it.each([
    ["an unknown one", { opne: [] }],
    ["an unknown one of peers", { peers: { localByDefault: true } }],
    ["an unknown one of authentication", { authentication: { isuers: [] } }],
    ["a peer that is none", { peers: { trustedPeers: ["10.0.0.0/99"] } }],
    ["an open path that cannot come", { open: ["/a/../b"] }],
    ["an open path with a query", { open: ["/a?b"] }],
    ["no PDP", { pdp: undefined }],
    ["a PDP that is not there yet", { pdp: createPdp({}) }],
    ["a path that is no function", { path: "/x" }],
    ["a wait that is none", { atLeastSeconds: -1 }],
  ])("refuses %s as an option", async (_what, options) => {
    const { pdp } = await modelsPdp()
    onTestFinished(() => pdp.close())
    expect(() => admission({ pdp, ...JSON.parse("{}"), ...options })).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })
})

const nothing: Pick<Pdp, "authorize" | "explain" | "atLeast"> = {
  authorize: () => fail("unused"),
  explain: () => fail("unused"),
  atLeast: async () => {},
}

function fail(why: unknown): never {
  throw why instanceof Error ? why : new Error(String(why))
}

/** The warnings of the process, which are not printed meanwhile. */
function warnings(): readonly unknown[] {
  const found: unknown[] = []
  const spy = vi.spyOn(process, "emitWarning").mockImplementation((warning) => void found.push(warning))
  onTestFinished(() => spy.mockRestore())
  return found
}
