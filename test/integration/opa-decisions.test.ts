import { describe, expect, it, onTestFinished } from "vitest"
import { createDecisionLog, decisionLogIntake, type DecisionLogOptions } from "../../src/decision-log/index.js"
import { createPdp, type Sink } from "../../src/index.js"
import { startServer, type ServerOptions } from "../../src/server/index.js"
import { todoPolicy } from "../fixtures/opa-api.js"
import { keepingSink } from "../unit/decision-log/world.js"

/** A server whose decisions on the todo policy are noted. */
async function noting(options: Partial<DecisionLogOptions> = {}, more: Partial<ServerOptions> = {}) {
  const sink = keepingSink()
  const log = createDecisionLog({ sinks: [sink], ...options })
  const pdp = await createPdp({ policy: todoPolicy(), decisionLog: log })
  const decisionLogs = { intake: decisionLogIntake({ log }), mostBytes: 1_000_000, status: log.status }
  const server = await startServer({ pdp, listen: { host: "127.0.0.1", port: 0 }, decisionLogs, opa: { decisionIds: true }, ...more })
  onTestFinished(async () => {
    await server.close(0)
    await pdp.close()
  })
  const ask = async (path: string, body: object = {}): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${server.url}${path}`, { method: "POST", body: JSON.stringify(body) })
    return Object(await answer.json())
  }
  const get = async (path: string): Promise<string> => (await fetch(`${server.url}${path}`)).text()
  /** Everything that has been noted, once the log has ended. */
  const noted = async (): Promise<readonly Record<string, unknown>[]> => {
    await log.close()
    return sink.events()
  }
  return { ask, get, noted, log }
}

describe("each answer of the data API", () => {
  it.each([
    ["an entrypoint", "/v1/data/todo/allow", "todo/allow", { input: { role: "admin" } }, true],
    ["a place in a result", "/v1/data/todo/decision/allowed", "todo/decision/allowed", { input: { role: "admin" } }, true],
    ["base data", "/v1/data/limits/list/1", "limits/list/1", {}, 2],
    ["nothing", "/v1/data/none/at/all", "none/at/all", {}, undefined],
  ])("about %s names the one event that is noted of it", async (_, path, place, body, result) => {
    const { ask, noted } = await noting()
    const { decision_id: id } = await ask(path, body)
    expect(await noted()).toEqual([expect.objectContaining({ decision_id: id, path: place, ...(result !== undefined && { result }) })])
  })

  it("about a package is one decision, whatever is evaluated for it", async () => {
    const { ask, noted } = await noting()
    const { decision_id: id, result } = await ask("/v1/data/todo", { input: { role: "admin" } })
    expect(await noted()).toEqual([expect.objectContaining({ decision_id: id, path: "todo", result, allowed: true })])
  })

  it("is one of a request that has a number, a peer and an id", async () => {
    const { ask, noted } = await noting()
    await ask("/v1/data/todo/allow")
    await ask("/v1/data/todo/allow")
    const of = {
      requested_by: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      request_context: { http: { headers: { "X-Request-Id": [expect.any(String)] } } },
    }
    expect(await noted()).toMatchObject([
      { ...of, req_id: 1 },
      { ...of, req_id: 2 },
    ])
  })

  it("in a batch names the batch, too", async () => {
    const { ask, noted } = await noting()
    const inputs = { a: { role: "admin" }, b: {}, c: { role: "admin" } }
    const { batch_decision_id: batch, responses } = await ask("/v1/batch/data/todo/allow", { inputs })
    const ids = Object.values(Object(responses)).map((response) => Object(response).decision_id)
    expect(await noted()).toEqual(ids.map((id) => expect.objectContaining({ decision_id: id, batch_decision_id: batch, path: "todo/allow" })))
  })

  it("names none for what a server asks for itself, and none is noted", async () => {
    const { ask, noted } = await noting()
    expect(await ask("/v1/data/system/health/live")).toEqual({ result: true, warning: expect.anything() })
    expect(await noted()).toEqual([])
  })

  it("that could not be given is noted with an error", async () => {
    const { ask, noted } = await noting()
    await ask("/v1/data/todo/conflict", { input: { c: true } })
    await ask("/v1/data/todo/decoded?strict-builtin-errors", { input: { hex: "zz" } })
    expect(await noted()).toMatchObject([
      { path: "todo/conflict", error: { code: "ERR_EVALUATION" } },
      { path: "todo/decoded", error: { code: "ERR_EVALUATION" } },
    ])
  })
})

describe("how the decision log fares", () => {
  const none = createDecisionLog({ sinks: [] }).status().dropped
  const away: Sink = {
    name: "away",
    write: () => Promise.reject(new Error("no room")),
    close: async () => undefined,
    held: () => ({
      events: 3,
      bytes: 300,
      spooled: { events: 2, bytes: 200 },
      written: 7,
      dropped: { ...none, spool_full: 4, too_large: 1 },
      failures: 9,
      failing: "no room",
    }),
  }

  it("is in the metrics, by sink and cause", async () => {
    const { ask, get, log } = await noting({ sinks: [away], drop: [{ entrypoint: "todo/maybe" }] })
    await ask("/v1/data/todo/allow")
    await ask("/v1/data/todo/maybe")
    log.receive([], 2)
    await expect.poll(() => log.status().dropped.filtered).toBe(1)
    const lines = (await get("/metrics")).split("\n")
    expect(lines).toEqual(
      expect.arrayContaining([
        'portcullis_decision_log_events_total{from="here"} 2',
        'portcullis_decision_log_events_total{from="opas"} 0',
        'portcullis_decision_log_dropped_total{cause="filtered"} 1',
        'portcullis_decision_log_dropped_total{cause="duplicate"} 2',
        "portcullis_decision_log_queued_events 0",
        'portcullis_decision_log_sink_written_total{sink="away"} 7',
        'portcullis_decision_log_sink_dropped_total{cause="spool_full",sink="away"} 4',
        'portcullis_decision_log_sink_failing{sink="away"} 1',
        'portcullis_decision_log_sink_spooled_events{sink="away"} 2',
        'portcullis_decision_log_sink_spooled_bytes{sink="away"} 200',
      ]),
    )
    expect(lines.some((line) => /^portcullis_decision_log_sink_failures_total\{sink="away"\} [1-9]/.test(line))).toBe(true)
  })

  it("is in /status, and in /v1/status by OPA's names", async () => {
    const { get } = await noting({ sinks: [away] })
    expect(JSON.parse(await get("/status")).decisionLog).toMatchObject({
      recorded: 0,
      sinks: [{ name: "away", written: 7, spooled: { events: 2, bytes: 200 }, failing: "no room" }],
    })
    expect(JSON.parse(await get("/v1/status")).result).toMatchObject({
      decision_logs: { code: "decision_log_error", message: "away: no room" },
      plugins: { decision_logs: { state: "OK" } },
      metrics: {
        "<built-in>": {
          counter_decision_logs_dropped_buffer_size_limit_exceeded: 0,
          counter_decision_logs_dropped_buffer_size_limit_bytes_exceeded: 4,
          counter_enc_log_exceeded_upload_size_limit_bytes: 1,
        },
      },
    })
  })

  it("is nowhere while there is none", async () => {
    const { get } = await noting({}, { decisionLogs: undefined, opa: {} })
    expect(await get("/metrics")).not.toContain("decision_log")
    expect(JSON.parse(await get("/status"))).not.toHaveProperty("decisionLog")
    expect(JSON.parse(await get("/v1/status")).result.plugins).toEqual({ bundle: { state: "OK" }, status: { state: "OK" } })
  })
})
