import { describe, expect, it, onTestFinished } from "vitest"
import { startServer } from "../../src/server/index.js"
import { todoPdp, todoServer } from "../fixtures/opa-api.js"

const manual = { redirect: "manual" } as const

/** A server whose policy refuses one path by its segments, and lets everything else pass; and the paths that it was asked about. */
async function guarded(locked: readonly string[]): Promise<{ readonly url: string; readonly asked: unknown[] }> {
  const pdp = await todoPdp()
  const asked: unknown[] = []
  const guarding = {
    ...pdp,
    evaluate(entrypoint: string, input: unknown): unknown {
      if (entrypoint !== "system/authz/allow") return pdp.evaluate(entrypoint, input)
      const { path } = Object(input)
      asked.push(path)
      return JSON.stringify(path) !== JSON.stringify(locked)
    },
  }
  const server = await startServer({ pdp: guarding, listen: { host: "127.0.0.1", port: 0 }, opa: { authorization: true, dataWrites: true } })
  onTestFinished(async () => {
    await server.close(0)
    await pdp.close()
  })
  return { url: server.url, asked }
}

const routes = [
  ["GET", "/v1/data/limits/list"],
  ["POST", "/v1/data/limits/list"],
  ["PUT", "/v1/data/limits/list"],
  ["PATCH", "/v1/data/limits/list"],
  ["DELETE", "/v1/data/limits/list"],
  ["POST", "/v0/data/limits/list"],
  ["POST", "/v1/batch/data/limits/list"],
  ["GET", "/v1/policies/a.rego"],
  ["GET", "/v1/config"],
  ["GET", "/v1/status"],
  ["POST", "/v1/query"],
  ["GET", "/status"],
  ["GET", "/metrics"],
  ["GET", "/health/live"],
  ["GET", "/bundles/authz.tar.gz"],
  ["POST", "/logs/somewhere"],
  ["POST", "/apis/auth/v2/authz/allow"],
] as const

function spellings(path: string): readonly string[] {
  const lastAt = path.lastIndexOf("/")
  const begin = path.slice(0, lastAt)
  const last = path.slice(lastAt + 1)
  const hex = last.charCodeAt(0).toString(16)
  return [`/${path}`, `${begin}//${last}`, `${begin}///${last}`, `${path}/`, `${path}//`, path.replace("/", "//"), `${begin}/%${hex}${last.slice(1)}`]
}

describe("a path that the policy refuses", () => {
  it.each(routes)("is refused in each of its spellings, and nothing is served: %s %s", async (method, path) => {
    const { url, asked } = await guarded(path.slice(1).split("/"))
    const body = method === "GET" ? {} : { body: "{}" }
    expect((await fetch(url + path, { method, ...body, ...manual })).status).toBe(401)
    for (const spelling of spellings(path)) {
      const answer = await fetch(url + spelling, { method, ...body, ...manual })
      expect([spelling, answer.status]).toEqual([spelling, spelling.includes("%") ? 401 : spelling.endsWith("/") ? 301 : 307])
      if (answer.status !== 401) expect([answer.headers.get("location"), await answer.text()]).toEqual([path, ""])
    }
    expect(asked).toHaveLength(2)
  })

  it("is another one with an escaped slash, for the policy and for the data", async () => {
    const { url, asked } = await guarded(["v1", "data", "limits", "list"])
    expect(await (await fetch(`${url}/v1/data/limits%2Flist`)).json()).toEqual({})
    expect((await fetch(`${url}/v1%2Fdata/limits/list`)).status).toBe(404)
    expect(asked).toEqual([
      ["v1", "data", "limits/list"],
      ["v1/data", "limits", "list"],
    ])
  })

  it.each(["/v1/data/%zz", "/v1/data/%ff", "/status%", "/nowhere/%c3"])("is not guessed at where it is malformed: %s", async (path) => {
    const { url, asked } = await guarded([])
    expect([(await fetch(url + path)).status, asked]).toEqual([400, []])
  })

  it("asks nobody about a body of somebody who may not ask, and does not read it", async () => {
    const { url, asked } = await guarded([])
    const headers = { "X-Forwarded-For": "10.0.0.1", "Content-Type": "application/yaml" }
    expect((await fetch(`${url}/v1/data/todo/allow`, { method: "POST", headers, body: "{" })).status).toBe(403)
    expect(asked).toEqual([])
  })
})

describe("a path with empty segments", () => {
  it("is sent to the plain one without authorization, too, with its query", async () => {
    const { url } = await todoServer({ opa: { dataWrites: true } })
    const answer = await fetch(`${url}/v1/data//x//y%20z?a=//b/`, { method: "PUT", body: "1", ...manual })
    expect([answer.status, answer.headers.get("location")]).toEqual([307, "/v1/data/x/y%20z?a=//b/"])
    expect(await (await fetch(`${url}/v1/data/x`)).json()).toEqual({})
    expect((await fetch(`${url}//v1/data`, manual)).status).toBe(404)
    expect((await fetch(`${url}/v1/data//todo/allow`, { method: "POST", body: '{"input":{"role":"admin"}}' })).status).toBe(200)
  })

  it("never leads to another host", async () => {
    const { url } = await guarded([])
    for (const path of ["//example.com/", "///example.com//x", "//example.com", "//"])
      expect((await fetch(new URL(url).origin + path, manual)).headers.get("location")).toMatch(/^\/(?!\/)/)
  })
})
