import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { decisionLogIntake, type DecisionLogIntake } from "../../../src/decision-log/index.js"
import { logWorld, policy } from "./world.js"

const event = {
  labels: { id: "opa-1", version: "1.20.2" },
  decision_id: "d-1",
  bundles: { authz: { revision: "r" } },
  path: "authz/allow",
  input: { principal_id: "ann", method: "GET", path: "/x?token=s3cret", password: "s3cret" },
  result: { allowed: true, headers: {} },
  nd_builtin_cache: { "http.send": { '[{"headers":{"authorization":"Bearer s3cret"}}]': {} } },
  erased: ["/input/other"],
  requested_by: "127.0.0.1:1",
  timestamp: "2026-01-01T00:00:00.123456789Z",
  metrics: { timer_server_handler_ns: 5 },
  req_id: 3,
  request_context: { http: { headers: { Authorization: ["s3cret"], "X-Request-Id": ["1"] } } },
}
const body = (...events: readonly unknown[]): Buffer => gzipSync(JSON.stringify(events))

function world(options: { mostBytes?: number; rememberedIds?: number; queueEvents?: number } = {}) {
  const { queueEvents = 1_000, ...limits } = options
  const { log, sink, timers } = logWorld({ queueEvents })
  const intake: DecisionLogIntake = decisionLogIntake({ log, ...limits, now: () => Date.UTC(2026, 0, 1) })
  return { log, sink, timers, intake }
}
const sender = { name: "edge-token", partition: "west" }
const coded = (code: string) => expect.objectContaining({ code })

describe("events of an OPA", () => {
  it("come to the sinks masked again, and stamped with who sent them", async () => {
    const { intake, sink, timers, log } = world()
    expect(await intake.receive(body(event), sender)).toEqual({ taken: 1, duplicates: 0 })
    await timers.advance(25)
    const { nd_builtin_cache: _gone, ...rest } = event
    expect(sink.events()).toEqual([
      {
        ...rest,
        input: { principal_id: "ann", method: "GET", path: "/x" },
        result: { allowed: true },
        erased: ["/input/other", "/nd_builtin_cache"],
        request_context: { http: { headers: { "X-Request-Id": ["1"] } } },
        allowed: true,
        received: { from: "edge-token", partition: "west", at: "2026-01-01T00:00:00.000000000Z" },
      },
    ])
    expect(log.status()).toMatchObject({ received: 1, recorded: 0 })
  })

  it("of another Portcullis keep their reasons, and the batch that they belong to", async () => {
    const { intake, sink, timers } = world()
    const explained = {
      ...event,
      batch_decision_id: "b-1",
      reason: "role_missing",
      reasons: ["role_missing"],
      endpoint: "/x",
      reasons_revision: "0a.2",
      unknown: 1,
    }
    await intake.receive(body(explained), sender)
    await timers.advance(25)
    const { unknown: _, nd_builtin_cache: __, input: ___, result: ____, erased: _____, request_context: ______, ...kept } = explained
    expect(sink.events()).toEqual([expect.objectContaining(kept)])
    expect(sink.events()[0]).not.toHaveProperty("unknown")
  })

  it("hold no token, whichever member it stands in", async () => {
    const { intake, sink, timers } = world()
    const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
    const strange = {
      labels: { authorization: "s3cret", [jwt]: jwt, note: "Bearer s3cret", tokens: "s3cret", id: "x" },
      decision_id: jwt,
      batch_decision_id: jwt,
      trace_id: jwt,
      span_id: jwt,
      revision: jwt,
      bundles: { [jwt]: { revision: jwt } },
      path: `my/${jwt}`,
      query: jwt,
      input: { [jwt]: jwt, secrets: ["s3cret"], url: "http://u:s3cret@h/" },
      result: { [jwt]: [jwt] },
      mapped_result: { [jwt]: jwt },
      erased: [`/input/${jwt}`],
      masked: [`/input/${jwt}`],
      error: { code: jwt, message: `Authorization: Bearer s3cret, ${jwt}` },
      requested_by: jwt,
      timestamp: jwt,
      metrics: { [jwt]: 1 },
      request_context: { http: { headers: { "X-Request-Id": [jwt], Host: [jwt] } } },
      custom: { [jwt]: jwt, cookies: "s3cret" },
      reason: jwt,
      reasons: [jwt],
      endpoint: jwt,
      reasons_revision: jwt,
    }
    await intake.receive(body(strange), { name: "edge", partition: jwt })
    await timers.advance(25)
    expect(sink.events()).toMatchObject([{ labels: { id: "x" }, metrics: { "[redacted]": 1 } }])
    expect(sink.lines.join()).not.toMatch(/eyJ|s3cret/)
  })

  it("are masked and left out by the policy, too, and by a mask that cannot be had", async () => {
    const { log, sink, timers } = logWorld({ policyMask: true, policyDrop: true })
    const intake = decisionLogIntake({ log })
    await intake.receive(body({ path: "before/any/policy" }), sender)
    await timers.advance(25)
    const answers = new Map<string, unknown>([
      ["system/log/mask", ["/input/phone"]],
      ["system/log/drop", false],
    ])
    log.recorder({
      ...policy,
      evaluate: (entrypoint, logged) => {
        const { path } = Object(logged)
        if (path === "broken" && entrypoint === "system/log/mask") throw new Error("no such rule")
        return path === "noise" && entrypoint === "system/log/drop" ? true : answers.get(entrypoint)
      },
    })
    await intake.receive(body({ path: "x", input: { phone: 1, name: 2 } }, { path: "noise" }, { path: "broken" }), sender)
    await timers.advance(25)
    expect(sink.events()).toMatchObject([{ path: "x", input: { name: 2 }, erased: ["/input/phone"] }])
    expect(log.status().dropped).toMatchObject({ filtered: 1, mask_failed: 2 })
  })

  it("that come twice are taken once, from each sender for himself", async () => {
    const { intake, log } = world()
    expect(await intake.receive(body(event, event, { ...event, decision_id: "d-2" }), sender)).toEqual({ taken: 2, duplicates: 1 })
    expect(await intake.receive(body(event), sender)).toEqual({ taken: 0, duplicates: 1 })
    expect(await intake.receive(body(event), { name: "other" })).toEqual({ taken: 1, duplicates: 0 })
    expect(log.status().dropped.duplicate).toBe(2)
  })

  it("are remembered in a bounded number", async () => {
    const { intake } = world({ rememberedIds: 2 })
    for (const decision_id of ["1", "2", "3"]) await intake.receive(body({ ...event, decision_id }), sender)
    expect(await intake.receive(body({ ...event, decision_id: "3" }, { ...event, decision_id: "1" }), sender)).toEqual({ taken: 1, duplicates: 1 })
  })

  it("are refused as a whole while there is no room, and taken when they come again", async () => {
    const { intake, timers, sink } = world({ queueEvents: 10 })
    const some = (from: number) => body(...[1, 2, 3].map((at) => ({ ...event, decision_id: `${from + at}` })))
    await intake.receive(some(0), sender)
    await expect(intake.receive(some(10), sender)).rejects.toEqual(coded("ERR_OVERLOADED"))
    await timers.advance(25)
    expect(await intake.receive(some(10), sender)).toEqual({ taken: 3, duplicates: 0 })
    await timers.advance(25)
    expect(sink.lines).toHaveLength(6)
  })

  it("may be without gzip, without most members, and with unknown ones", async () => {
    const { intake, sink, timers } = world()
    await intake.receive(
      Buffer.from(
        JSON.stringify([
          { labels: { id: "x" }, novelty: "s3cret", erased: null, request_context: null, error: { code: "c", message: "m", location: {} } },
        ]),
      ),
      sender,
    )
    await timers.advance(25)
    expect(sink.events()).toMatchObject([{ labels: { id: "x" }, error: { code: "c", message: "m" }, decision_id: expect.any(String) }])
    expect(sink.lines.join()).not.toContain("s3cret")
  })
})

describe("a body", () => {
  it("that inflates beyond the cap is too large", async () => {
    const { intake } = world({ mostBytes: 100_000 })
    await expect(intake.receive(gzipSync(Buffer.alloc(10_000_000, " ")), sender)).rejects.toEqual(coded("ERR_TOO_LARGE"))
    await expect(intake.receive(Buffer.alloc(100_001, " "), sender)).rejects.toEqual(coded("ERR_TOO_LARGE"))
  })

  it.each([
    ["no gzip", Buffer.from([0x1f, 0x8b, 1, 2, 3])],
    ["half a gzip", gzipSync("[]").subarray(0, 12)],
    ["no JSON", Buffer.from("[s3cret")],
    ["no list", Buffer.from('{"decision_id":"1"}')],
    ["a list of something else", Buffer.from('["s3cret"]')],
    ["a key twice", Buffer.from('[{"path":"a","path":"b"}]')],
    ["a wrong member", Buffer.from('[{"decision_id":5}]')],
    ["nothing", Buffer.alloc(0)],
  ])("with %s is refused, and not shown", async (_, bytes) => {
    const { intake } = world()
    const refused = await intake.receive(bytes, sender).catch((thrown: unknown) => thrown)
    expect(refused).toEqual(coded("ERR_INPUT_INVALID"))
    expect(String(refused)).not.toContain("s3cret")
  })
})
