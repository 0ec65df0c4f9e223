import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { describe, expect, it, onTestFinished } from "vitest"
import { packFiles } from "../../src/bundle/index.js"
import { createPdp, fileBundle } from "../../src/index.js"
import { startServer } from "../../src/server/index.js"
import { temporaryFolder } from "../fixtures/doors.js"
import { todoPdp, todoPolicy, todoServer } from "../fixtures/opa-api.js"
import { raw, testServer } from "../fixtures/test-server.js"

const admin = { input: { role: "admin" } }

function send(url: string, method: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method, headers, ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }) })
}

async function result(url: string, body: unknown = {}): Promise<unknown> {
  const answer: unknown = await (await send(url, "POST", body)).json()
  return Object(answer).result
}

describe("the data API on a policy of one's own", () => {
  it("answers entrypoints, places in their results, base data, and nothing for the rest", async () => {
    const { url } = await todoServer()
    expect(await result(`${url}/v1/data/todo/allow`, admin)).toBe(true)
    expect(await result(`${url}/v1/data/todo/decision/allowed`, admin)).toBe(true)
    expect(await result(`${url}/v1/data/limits/list/1`)).toBe(2)
    for (const path of ["todo/nope", "authz/allow", "limits/list/01", "todo/allow/deeper", "__proto__", "constructor/name"])
      expect(await (await send(`${url}/v1/data/${path}`, "GET")).json()).toEqual({})
  })

  it("makes a package of its entrypoints and base data, and keeps system out of the root", async () => {
    const { url } = await todoServer({ opa: { dataWrites: true } })
    await send(`${url}/v1/data/todo/extra`, "PUT", 5)
    expect(await result(`${url}/v1/data/todo`, { input: { x: 1, many: 1 } })).toEqual({
      allow: false,
      decision: { allowed: false, reasons: ["no role"] },
      extra: 5,
      many: ["item 1"],
      maybe: 1,
      reasons: ["no role"],
    })
    expect(await result(`${url}/v1/data/system/health`, {})).toEqual({ live: true, broken: "yes" })
    const root = Object.keys(Object(await result(`${url}/v1/data`, {})))
    expect(root.toSorted()).toEqual(["grants", "limits", "todo"])
  })

  it("passes inputs on as they are, and counts decisions", async () => {
    const { url } = await todoServer()
    expect(await result(`${url}/v1/data/todo/maybe`, { input: { x: 1, principal_id: 5, path: null } })).toBe(1)
    await send(`${url}/v1/data/todo/allow`, "POST", admin)
    await send(`${url}/v1/data/todo/decision`, "POST", {})
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toContain('portcullis_decisions_total{entrypoint="todo/allow",result="allow"} 1')
    expect(metrics).toContain('portcullis_decisions_total{entrypoint="todo/decision",result="deny"} 1')
    expect(metrics).toContain('handler="/v1/data/todo/allow"')
  })

  it("gives an evaluation error with its place", async () => {
    const { url } = await todoServer()
    const answer = await send(`${url}/v1/data/todo/conflict`, "POST", { input: { c: true } })
    expect([answer.status, await answer.json()]).toEqual([
      500,
      {
        code: "internal_error",
        message: "error(s) occurred while evaluating query",
        errors: [{ code: "eval_conflict_error", message: expect.any(String), location: { file: "todo.rego", row: 19, col: 1 } }],
      },
    ])
    expect(await result(`${url}/v1/data/todo/allow`, admin)).toBe(true)
  })

  it("names the decision when the PDP logs decisions, and passes the name on", async () => {
    const { url, pdp } = await testServer({ opa: { decisionIds: true } })
    const ids: unknown[] = []
    const evaluate = pdp.evaluate
    pdp.evaluate = (entrypoint, input, origin) => {
      ids.push(origin?.decisionId)
      return evaluate(entrypoint, input)
    }
    const answer = await (await send(`${url}/v1/data/authz/allow`, "POST", { input: { principal_id: "ann" } })).json()
    expect(Object(answer).decision_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/)
    expect(ids).toEqual([Object(answer).decision_id])
  })

  it("compresses long answers for those who take it", async () => {
    const { url } = await todoServer()
    const ask = (accepted: string): Promise<string> => {
      const body = JSON.stringify({ input: { many: 200 } })
      const head = `POST /v1/data/todo/many HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAccept-Encoding: ${accepted}\r\nContent-Length: ${body.length}`
      return raw(Number(new URL(url).port), `${head}\r\n\r\n${body}`)
    }
    const compressed = await ask("br, gzip")
    expect(compressed).toMatch(/Content-Encoding: gzip\r\n/)
    expect(compressed).toMatch(/Vary: Accept-Encoding\r\n/)
    const body = Buffer.from(compressed.slice(compressed.indexOf("\r\n\r\n") + 4), "latin1")
    expect(JSON.parse(gunzipSync(body).toString()).result).toHaveLength(200)
    for (const accepted of ["br", "gzip;q=0", "*;q=0"]) expect(await ask(accepted)).not.toMatch(/Content-Encoding/)
  })

  it.each([
    ["a body", "POST", "x".repeat(1_048_577), {}, "request body too large"],
    ["a write", "PUT", `"${"x".repeat(1_048_576)}"`, {}, "request body too large"],
  ])("refuses %s that is too large in OPA's words", async (_, method, body, headers, message) => {
    const { url } = await todoServer({ opa: { dataWrites: true } })
    const answer = await send(`${url}/v1/data/todo/x`, method, body, headers)
    expect([answer.status, await answer.json()]).toEqual([400, { code: "invalid_parameter", message }])
  })
})

describe("batches", () => {
  it("merge the common input into each, at every depth, and let the input win", async () => {
    const { url } = await todoServer()
    const inputs = { a: { x: { own: 1, both: 1 } }, b: { x: "plain" }, c: {}, __proto__x: { x: null } }
    const answer = await send(`${url}/v1/batch/data/todo/maybe`, "POST", { inputs, common_input: { x: { both: 2, deep: { y: 1 } } } })
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        responses: {
          a: { result: { own: 1, both: 1, deep: { y: 1 } } },
          b: { result: "plain" },
          c: { result: { both: 2, deep: { y: 1 } } },
          __proto__x: { result: null },
        },
      },
    ])
  })

  it("say 207 and a status for each when some fail, and 500 when all do", async () => {
    const { url } = await todoServer()
    const mixed = await send(`${url}/v1/batch/data/todo/conflict`, "POST", { inputs: { bad: { c: true }, good: {} } })
    expect([mixed.status, await mixed.json()]).toMatchObject([
      207,
      { responses: { bad: { http_status_code: "500", code: "internal_error" }, good: { http_status_code: "200" } } },
    ])
    const all = await send(`${url}/v1/batch/data/todo/conflict`, "POST", { inputs: { bad: { c: true } } })
    expect([all.status, await all.json()]).toMatchObject([500, { responses: { bad: { code: "internal_error" } } }])
  })

  it("never make a decision of an input that is wrong", async () => {
    const { url, pdp } = await testServer()
    const answer = await send(`${url}/v1/batch/data/authz/allow`, "POST", { inputs: { wrong: { principal_id: 5 }, ann: { principal_id: "ann" } } })
    expect([answer.status, await answer.json()]).toMatchObject([
      207,
      { responses: { wrong: { code: "invalid_parameter", http_status_code: "500" }, ann: { result: { allowed: true } } } },
    ])
    expect(pdp.asked).toHaveLength(1)
  })

  it.each([[""], ["{"], ["[]"], [{}], [{ inputs: [] }], [{ inputs: Object.fromEntries(Array.from({ length: 1_001 }, (_, at) => [at, 1])) }]])(
    "answer 400 to %j",
    async (body) => {
      const { url } = await todoServer({ limits: { keysPerObject: 2_000 } })
      expect((await send(`${url}/v1/batch/data/todo/allow`, "POST", body)).status).toBe(400)
    },
  )
})

describe("data writes", () => {
  it("are off by default, and never for the product's policy", async () => {
    const { url } = await todoServer()
    const answer = await send(`${url}/v1/data/grants/tim`, "PUT", { read: true })
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: "invalid_parameter" }])
    await expect(testServer({ opa: { dataWrites: true } })).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
  })

  it("decide at once, each at a revision of its own", async () => {
    const { url } = await todoServer({ opa: { dataWrites: true } })
    const question = { input: { who: "tim", action: "read" } }
    expect(await result(`${url}/v1/data/todo/allow`, question)).toBe(false)
    const written = await send(`${url}/v1/data/grants/tim`, "PUT", { read: true })
    const revision = written.headers.get("x-portcullis-revision") ?? ""
    expect([written.status, revision]).toEqual([204, expect.stringMatching(/\.2$/)])
    const answer = await send(`${url}/v1/data/todo/allow`, "POST", question, { "X-Portcullis-At-Least": revision })
    expect([await answer.json(), answer.headers.get("x-portcullis-revision")]).toEqual([{ result: true }, revision])
  })

  it("keep the order in which they came, and lose none", async () => {
    const { url } = await todoServer({ opa: { dataWrites: true } })
    const statuses = await Promise.all(
      Array.from({ length: 30 }, async (_, at) => (await send(`${url}/v1/data/many/k${at}`, "PUT", at, { "If-None-Match": "*" })).status),
    )
    expect(new Set(statuses)).toEqual(new Set([204]))
    expect(Object.keys(Object(await result(`${url}/v1/data/many`)))).toHaveLength(30)
  })

  it("never touch what begins with authz", async () => {
    const { url } = await todoServer({ opa: { dataWrites: true } })
    const patch = [{ op: "add", path: "/authz_data", value: {} }]
    for (const [method, path, body] of [
      ["PUT", "/authz/x", 1],
      ["PUT", "/authz_bindings", {}],
      ["PUT", "", { authz: {} }],
      ["PATCH", "", patch],
    ] as const) {
      const answer = await send(`${url}/v1/data${path}`, method, body)
      expect([answer.status, await answer.json()]).toMatchObject([400, { code: "invalid_parameter" }])
    }
  })

  it("change nothing when the data does not fit", async () => {
    const pdp = await todoPdp()
    const small = await todoServer({ opa: { dataWrites: true }, limits: { bodyBytes: 67_108_864, values: 10_000_000 } })
    await pdp.close()
    const big = `[${"0,".repeat(4_000_000)}0]`
    expect((await send(`${small.url}/v1/data/big`, "PUT", big)).status).toBe(400)
    expect(await (await send(`${small.url}/v1/data/big`, "GET")).json()).toEqual({})
    expect(await result(`${small.url}/v1/data/todo/allow`, admin)).toBe(true)
  })
})

describe("authorization by the policy", () => {
  it("needs the entrypoint, and a policy of one's own", async () => {
    await expect(testServer({ opa: { authorization: true } })).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
  })

  it.each(["/v1/data/todo/allow", "/health", "/metrics", "/status", "/openapi.json", "/bundles/authz.tar.gz", "/apis/auth/discovery", "/nowhere"])(
    "is asked for %s",
    async (path) => {
      const { url } = await todoServer({ opa: { authorization: true } })
      const refused = await send(url + path, "GET", undefined, { Authorization: "Bearer none" })
      expect([refused.status, await refused.json()]).toEqual([401, { code: "unauthorized", message: "request rejected by administrative policy" }])
      expect((await send(url + path, "GET")).status).toBe(500)
      expect((await send(url + path, "GET", undefined, { Authorization: "Bearer reader" })).status).not.toBe(500)
    },
  )

  it("lets nothing pass before there is a policy, and asks it as soon as it is there", async () => {
    const path = join(temporaryFolder(), "bundle.tar.gz")
    const pdp = await createPdp({ bundle: fileBundle({ path }) })
    const server = await startServer({ pdp, listen: { host: "127.0.0.1", port: 0 }, opa: { authorization: true } })
    onTestFinished(async () => {
      await server.close(0)
      await pdp.close()
    })
    const ask = (path: string): Promise<Response> => send(server.url + path, "POST", { role: "admin" }, { Authorization: "Bearer good" })
    for (const path of ["/", "/v1/data/todo/allow", "/health"]) expect((await ask(path)).status).toBe(500)
    const { wasm, data } = todoPolicy()
    const files = [
      { name: "policy.wasm", body: Buffer.from(wasm) },
      { name: "data.json", body: Buffer.from(JSON.stringify(data)) },
    ]
    writeFileSync(path, (await packFiles(files, async () => {})).bytes)
    await pdp.refresh()
    expect(await (await ask("/")).json()).toEqual({ decided: true })
    expect((await send(`${server.url}/health`, "GET")).status).toBe(500)
  })

  it("does not take the place of trust in peers", async () => {
    const { url } = await todoServer({ opa: { authorization: true } })
    const headers = { Authorization: "Bearer good", "X-Forwarded-For": "10.0.0.1" }
    expect((await send(`${url}/v1/data/todo/allow`, "POST", admin, headers)).status).toBe(403)
  })

  it("leaves a listener for health alone", async () => {
    const pdp = await todoPdp()
    const listen = { host: "127.0.0.1", port: 0 }
    const server = await startServer({ pdp, listen, healthListen: listen, opa: { authorization: true } })
    expect((await fetch(`${server.healthUrl ?? ""}/health`)).status).toBe(200)
    await server.close(0)
    await pdp.close()
  })
})

describe("what a compiled policy cannot do", () => {
  it.each([
    ["GET", "/v1/query?q=true"],
    ["POST", "/v1/query"],
    ["POST", "/v1/compile"],
    ["POST", "/v1/compile/todo/allow"],
    ["PUT", "/v1/policies/x.rego"],
    ["DELETE", "/v1/policies/a/b.rego"],
  ])("is refused with what to use instead: %s %s", async (method, path) => {
    const { url } = await todoServer()
    const answer = await send(url + path, method, method === "GET" || method === "DELETE" ? undefined : "{}")
    expect([answer.status, await answer.json()]).toEqual([400, { code: "invalid_operation", message: expect.stringMatching(/;/) }])
  })
})

describe("what is told of this process", () => {
  it("is its configuration, without anything that was not handed over for it", async () => {
    const { url } = await todoServer({ opa: { labels: { region: "west" }, configuration: () => ({ server: { listen: "x" } }) } })
    expect(await (await fetch(`${url}/v1/config`)).json()).toEqual({
      result: {
        server: { listen: "x" },
        labels: { region: "west", id: expect.any(String), version: expect.any(String) },
        default_decision: "/system/main",
        default_authorization_decision: "/system/authz/allow",
      },
    })
  })

  it("is its status in OPA's shape, and the Rego where it is known", async () => {
    const { url } = await testServer()
    expect(await (await fetch(`${url}/v1/status`)).json()).toMatchObject({
      result: { bundles: { authz: { name: "authz", active_revision: "00000001.1" } }, plugins: { bundle: { state: "OK" } } },
    })
    const { result: policies } = Object(await (await fetch(`${url}/v1/policies`)).json())
    expect(policies.map((policy: { id: string }) => policy.id)).toContain("bindings/opa.rego")
    const one = Object(await (await fetch(`${url}/v1/policies/bindings/opa.rego`)).json())
    expect(one.result.raw).toMatch(/package /)
  })

  it("is health by rules of the policy", async () => {
    const { url } = await todoServer()
    const statuses = await Promise.all(["live", "ready", "broken", "other"].map(async (rule) => (await fetch(`${url}/health/${rule}`)).status))
    expect(statuses).toEqual([200, 200, 500, 500])
  })
})
