import { setImmediate as nextTurn } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { createDecisionLog, type Sink } from "../../../src/decision-log/index.js"
import { PdpError } from "../../../src/errors.js"
import { packageVersion } from "../../../src/model/package-version.js"
import { allowed, denied, keepingSink, logWorld, manualTimers, policy, question } from "./world.js"

describe("an event", () => {
  it("has OPA's members and ours, with the reasons of a denial", async () => {
    const { log, sink, timers } = logWorld({ labels: { region: "west" } })
    const origin = { requestedBy: "127.0.0.1:4711", requestNumber: 7, host: "pdp.example", requestId: "req-1", traceId: "t", spanId: "s" }
    log.recorder(policy).question(question, { ...denied, origin })
    await timers.advance(25)
    expect(sink.events()).toEqual([
      {
        labels: { id: "00000000-0000-4000-8000-000000000001", version: packageVersion(), region: "west" },
        decision_id: "00000000-0000-4000-8000-000000000002",
        trace_id: "t",
        span_id: "s",
        revision: "0a0b0c0d.7",
        bundles: { authz: { revision: "0a0b0c0d.7" } },
        path: "authz/allow",
        input: {
          principal_id: "ann@example.com",
          principal_groups: ["ml"],
          scopes: ["platform:read"],
          method: "GET",
          path: "/workspaces/ml/models",
        },
        result: { allowed: false },
        requested_by: "127.0.0.1:4711",
        timestamp: "2026-01-02T03:04:05.678000000Z",
        metrics: { timer_rego_query_eval_ns: 2_500_000 },
        req_id: 7,
        request_context: { http: { headers: { Host: ["pdp.example"], "X-Request-Id": ["req-1"] } } },
        allowed: false,
        reason: "role_missing",
        reasons: ["role_missing"],
        endpoint: "/workspaces/{workspace}/models",
      },
    ])
  })

  it("says on which revision the reasons were found when that is another one", async () => {
    const { log, sink, timers } = logWorld()
    log.recorder({ ...policy, revision: () => "0a0b0c0d.8" }).question(question, denied)
    await timers.advance(25)
    expect(sink.events()).toMatchObject([{ revision: "0a0b0c0d.7", reason: "role_missing", reasons_revision: "0a0b0c0d.8" }])
  })

  it("has no reasons when the policy says otherwise by now, or cannot say", async () => {
    const { log, sink, timers } = logWorld()
    log.recorder({ ...policy, revision: () => "0a0b0c0d.8", explain: () => ({ allowed: true, reasons: [] }) }).question(question, denied)
    log
      .recorder({
        ...policy,
        explain: () => {
          throw new PdpError("ERR_CLOSED", "closed")
        },
      })
      .question(question, denied)
    await timers.advance(25)
    const [changed, closed] = sink.events()
    expect(changed).toMatchObject({ allowed: false, reasons_revision: "0a0b0c0d.8" })
    expect(changed).not.toHaveProperty("reasons")
    expect(closed).not.toHaveProperty("reasons")
  })

  it("of what allows has no reasons unless all are explained", async () => {
    const explaining = { ...policy, explain: () => ({ allowed: true, reasons: [], endpoint: "/e" }) }
    const few = logWorld()
    few.log.recorder(explaining).question(question, allowed)
    await few.timers.advance(25)
    expect(few.sink.events()[0]).not.toHaveProperty("endpoint")
    const all = logWorld({ explain: "all" })
    all.log.recorder(explaining).question(question, allowed)
    await all.timers.advance(25)
    expect(all.sink.events()).toMatchObject([{ allowed: true, endpoint: "/e" }])
  })

  it("of a failure has its code, and no result", async () => {
    const { log, sink, timers } = logWorld()
    log
      .recorder(policy)
      .question(question, { path: "authz/allow", allowed: undefined, thrown: new PdpError("ERR_PDP_STALE", "s3cret"), startedAt: 0 })
    await timers.advance(25)
    expect(sink.events()).toMatchObject([{ error: { code: "ERR_PDP_STALE" } }])
    expect(sink.events()[0]).not.toHaveProperty("result")
  })

  it("does not change with what the caller does to his objects later", async () => {
    const { log, sink, timers } = logWorld()
    const groups = ["ml"]
    const input = { principal_id: "ann", method: "GET", path: "/x", requests: [{ path: "/y" }] }
    log.recorder(policy).question({ ...question, principal: { id: "ann", groups } }, allowed)
    log.recorder(policy).evaluation(input, { allowed: true }, allowed)
    groups.push("root")
    input.requests.push({ path: "/z" })
    await timers.advance(25)
    expect(sink.events()).toMatchObject([{ input: { principal_groups: ["ml"] } }, { input: { requests: [{ path: "/y" }] } }])
  })
})

describe("which events there are", () => {
  it("can be denials and failures only", async () => {
    const { log, sink, timers } = logWorld({ log: "denies" })
    const recorder = log.recorder(policy)
    recorder.question(question, allowed)
    recorder.question(question, denied)
    recorder.question(question, { ...denied, allowed: undefined, thrown: new Error("x") })
    recorder.evaluation({}, [1], { ...denied, path: "my/rule", allowed: undefined })
    await timers.advance(25)
    expect(sink.events().map(({ allowed: is, error }) => [is, error])).toEqual([
      [false, undefined],
      [undefined, { code: "ERR_EVALUATION" }],
    ])
  })

  it("can be none, and all denials with a sample of the others", async () => {
    const none = logWorld({ log: "none" })
    none.log.recorder(policy).question(question, denied)
    expect(none.log.status().recorded).toBe(0)
    const numbers = [0.05, 0.2, 0.05]
    const { log, sink, timers } = logWorld({ sample: 0.1, hooks: { random: () => numbers.shift() ?? 1, timers: manualTimers() } })
    await timers.advance(0)
    for (const outcome of [allowed, allowed, denied, allowed]) log.recorder(policy).question(question, outcome)
    await log.close()
    expect(sink.events().map(({ allowed: is }) => is)).toEqual([true, false, true])
    expect(log.status().dropped.sampled).toBe(1)
  })

  it("leaves out what a filter names, before and after it is explained", async () => {
    const { log, sink, timers } = logWorld({
      drop: [{ path: "/health/*", allowed: true }, { endpoint: "/workspaces/{workspace}/models" }, { principal: "service:probe*", method: "GET" }],
    })
    const recorder = log.recorder(policy)
    recorder.question({ ...question, path: "/health/live" }, allowed)
    recorder.question({ ...question, principal: { kind: "service", id: "probe-1" } }, allowed)
    recorder.question(question, denied)
    recorder.question({ ...question, path: "/other" }, allowed)
    await timers.advance(25)
    expect(sink.events().map(({ input }) => input)).toMatchObject([{ path: "/other" }])
    expect(log.status().dropped.filtered).toBe(3)
  })
})

describe("the policy's own masks", () => {
  const world = async (mask: () => unknown, drop: () => unknown = () => undefined) => {
    const it = logWorld({ policyMask: true, policyDrop: true })
    const evaluate = (entrypoint: string): unknown => (entrypoint === "system/log/mask" ? mask() : drop())
    it.log.recorder({ ...policy, evaluate }).evaluation({ password: "x", secret_note: "n", age: 4 }, true, { ...allowed, path: "my/rule" })
    await it.timers.advance(25)
    return it
  }

  it("take out and replace", async () => {
    const { sink } = await world(() => ["/input/secret_note", { op: "upsert", path: "/input/age", value: 0 }])
    expect(sink.events()).toMatchObject([{ input: { age: 0 }, erased: ["/input/password", "/input/secret_note"], masked: ["/input/age"] }])
  })

  it("keep an event out when they fail or make no sense", async () => {
    for (const mask of [
      () => {
        throw new Error("no")
      },
      () => ["/labels/id"],
      () => "all",
    ]) {
      const { sink, log } = await world(mask)
      expect(sink.lines).toEqual([])
      expect(log.status().dropped.mask_failed).toBe(1)
    }
  })

  it("drop on true only, and not when they fail", async () => {
    expect(
      (
        await world(
          () => [],
          () => true,
        )
      ).sink.lines,
    ).toHaveLength(0)
    expect(
      (
        await world(
          () => [],
          () => "yes",
        )
      ).sink.lines,
    ).toHaveLength(1)
    const failing = await world(
      () => [],
      () => {
        throw new Error("no")
      },
    )
    expect(failing.sink.lines).toHaveLength(1)
  })
})

describe("the queue", () => {
  it("never exceeds its bounds, drops the oldest, and counts them: a million decisions without a pause", async () => {
    const { log, sink } = logWorld({ queueEvents: 1_000, queueBytes: 400_000 })
    const recorder = log.recorder(policy)
    let most = 0
    let mostBytes = 0
    for (let count = 0; count < 1_000_000; count++) {
      recorder.question(question, allowed)
      if (count % 1_000 !== 999) continue
      const { events, bytes } = log.status().queued
      most = Math.max(most, events)
      mostBytes = Math.max(mostBytes, bytes)
    }
    expect(most).toBeGreaterThan(500)
    expect(most).toBeLessThanOrEqual(1_000)
    expect(mostBytes).toBeLessThanOrEqual(400_000)
    const { dropped, queued } = log.status()
    expect(dropped.queue_full).toBe(1_000_000 - queued.events)
    await log.close()
    expect(sink.lines).toHaveLength(queued.events)
  })

  it("makes no JSON and asks nothing before a timer runs, and works in slices with a turn of the event loop in between", async () => {
    let asked = 0
    let time = 0
    const timers = manualTimers()
    const sink = keepingSink()
    const log = createDecisionLog({ sinks: [sink], hooks: { timers, clock: () => time, random: () => 0 } })
    const recorder = log.recorder({
      ...policy,
      explain: () => {
        asked++
        time += 0.4
        return { allowed: false, reasons: ["role_missing"] }
      },
    })
    for (let count = 0; count < 9; count++) recorder.question(question, denied)
    await nextTurn()
    expect(asked).toBe(0)
    await timers.advance(25)
    expect(asked).toBe(9)
    const slices = [...sink.lines]
    expect(slices).toHaveLength(9)
  })

  it("explains nothing while more than half of it is full, and counts that", async () => {
    const { log, sink, timers } = logWorld({ queueEvents: 10 })
    const recorder = log.recorder(policy)
    for (let count = 0; count < 10; count++) recorder.question(question, denied)
    await timers.advance(25)
    expect(log.status().unexplained).toBe(4)
    expect(sink.events().filter(({ reason }) => reason !== undefined)).toHaveLength(6)
  })

  it("never throws, whatever is asked", async () => {
    const { log, sink } = logWorld()
    const recorder = log.recorder(policy)
    const odd: unknown = { principal: { id: 1, groups: 3 }, method: 4 }
    const hostile = {
      get path() {
        throw new Error("no")
      },
    }
    const circular: Record<string, unknown> = {}
    circular["self"] = circular
    recorder.evaluation(hostile, true, { ...allowed, path: "my/rule" })
    recorder.evaluation(circular, true, { ...allowed, path: "my/rule" })
    recorder.evaluation({ n: 1n, f: () => 1, d: new Date(0) }, undefined, { ...allowed, path: "my/rule" })
    Reflect.apply(recorder.question, undefined, [odd, denied])
    Reflect.apply(recorder.question, undefined, [null, denied])
    await log.close()
    expect(log.status().dropped.invalid).toBeGreaterThan(0)
    expect(sink.lines.length).toBeLessThanOrEqual(3)
  })
})

describe("sinks", () => {
  const stuck = (): Sink => ({ name: "stuck", write: () => new Promise(() => undefined), close: () => new Promise(() => undefined) })

  it("that are stuck or fail do not keep others from getting everything, and drop only their own", async () => {
    const timers = manualTimers()
    const good = keepingSink("good")
    const failing: Sink = { name: "failing", write: () => Promise.reject(new Error("disk full")), close: async () => undefined }
    const log = createDecisionLog({ sinks: [stuck(), failing, good], sinkBytes: 1_048_576, hooks: { timers, random: () => 0.5 } })
    const recorder = log.recorder(policy)
    for (let round = 0; round < 40; round++) {
      for (let count = 0; count < 100; count++) recorder.question(question, allowed)
      await timers.advance(50)
    }
    expect(good.lines).toHaveLength(4_000)
    const [one, two, three] = log.status().sinks
    expect(one?.dropped.sink_full).toBeGreaterThan(0)
    expect(two).toMatchObject({ written: 0, failing: "disk full" })
    expect(two?.failures).toBeGreaterThan(2)
    expect(three).toMatchObject({ written: 4_000, queued: { events: 0, bytes: 0 }, dropped: { sink_full: 0 } })
    for (const { queued } of log.status().sinks) expect(queued.bytes).toBeLessThanOrEqual(1_048_576 + 540_000)
  })

  it("get what they refused again, in order, and once only", async () => {
    const timers = manualTimers()
    const good = keepingSink()
    let refusals = 3
    const moody: Sink = { ...good, write: (lines) => (refusals-- > 0 ? Promise.reject(new Error("later")) : good.write(lines)) }
    const log = createDecisionLog({ sinks: [moody], hooks: { timers, random: () => 0.5 } })
    log.recorder(policy).question({ ...question, path: "/1" }, allowed)
    await timers.advance(25)
    log.recorder(policy).question({ ...question, path: "/2" }, allowed)
    await timers.advance(25)
    expect(good.lines).toEqual([])
    await timers.advance(100 + 160 + 256)
    expect(good.events().map(({ input }) => input)).toMatchObject([{ path: "/1" }, { path: "/2" }])
    expect(log.status().sinks[0]).toMatchObject({ written: 2, failures: 3 })
    expect(log.status().sinks[0]).not.toHaveProperty("failing")
  })

  it("get everything at the end, within a grace, and what is left is counted", async () => {
    const timers = manualTimers()
    const good = keepingSink()
    const log = createDecisionLog({ sinks: [good, stuck()], hooks: { timers } })
    for (let count = 0; count < 5_000; count++) log.recorder(policy).question(question, allowed)
    let closed = false
    const closing = log.close(1_000).then(() => (closed = true))
    for (let turn = 0; turn < 2_000 && good.lines.length < 5_000; turn++) await nextTurn()
    expect(good.lines).toHaveLength(5_000)
    expect(closed).toBe(false)
    await timers.advance(1_000)
    await timers.advance(100)
    await closing
    log.recorder(policy).question(question, allowed)
    const { dropped, sinks } = log.status()
    expect(dropped.closed).toBe(1)
    expect(sinks[1]?.dropped.closed).toBe(5_000)
    expect(timers.pending).toBe(0)
  })
})

it("refuses options that make no sense, by name", () => {
  expect(() => createDecisionLog({ sinks: [], sample: 2 })).toThrowError(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  expect(() => createDecisionLog({ sinks: [], mask: ["/labels/id"] })).toThrowError(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  expect(() => createDecisionLog({ sinks: [], drop: [{}] })).toThrowError(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
})
