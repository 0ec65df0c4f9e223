import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { gzipSync } from "node:zlib"
import { describe, expect, it, onTestFinished } from "vitest"
import { createPdp, memorySource, type Pdp } from "../../src/index.js"
import type { ServerLimits } from "../../src/server/index.js"
import { administeredServer, root } from "../fixtures/administered-server.js"
import { fakePdp } from "../fixtures/fake-pdp.js"
import { post, raw, testServer } from "../fixtures/test-server.js"

const allowPath = "/apis/auth/v2/authz/allow"
const question = JSON.stringify({ input: { principal_id: "ann@example.com", method: "GET", path: "/apis/models/v2/workspaces/ml-team/models" } })
const get = (target: string, headers = ""): string => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`
const ask = (headers = "", path = allowPath): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}Content-Length: ${question.length}\r\n\r\n${question}`

async function serve(limits: Partial<ServerLimits> = {}) {
  const pdp = await createPdp({
    authorizationData: "examples/quickstart/authorization.yaml",
    source: memorySource([{ principal: "ann@example.com", workspace: "ml-team", role: "Viewer" }]),
  })
  const server = await testServer({ pdp, limits })
  onTestFinished(() => pdp.close())
  const atLeast = `X-Portcullis-At-Least: ${pdp.revision().split(".")[0]}.999999\r\n`
  return { ...server, pdp, atLeast, decide: async () => (await post(server.url + allowPath, question)).status }
}

/** A connection on which all of it is sent, and nothing is read. */
async function sending(port: number, bytes: string | Buffer): Promise<Socket> {
  const socket = connect(port, "127.0.0.1")
  onTestFinished(() => void socket.destroy())
  socket.on("error", () => {})
  await once(socket, "connect")
  socket.write(bytes)
  return socket
}

/** Connections that do so and are cut off once the server has begun to work. */
async function cutOff(port: number, bytes: string | Buffer, times: number): Promise<void> {
  await Promise.all(
    Array.from({ length: times }, async () => {
      const socket = await sending(port, bytes)
      await raw(port, get("/health/live", "Connection: close\r\n"))
      socket.destroy()
      await once(socket, "close")
    }),
  )
}

function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}

describe("a client that sends without waiting and goes away", () => {
  const packed = gzipSync(question)
  const zipped = Buffer.concat([
    Buffer.from(`POST ${allowPath} HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`),
    packed,
  ])
  const dataPath = "/v1/data/authz/allow"
  const bundle = "/bundles/authz.tar.gz"
  const opa = "X-NMP-Principal-Id: service:opa\r\n"

  it.each<[string, number, (atLeast: string) => string | Buffer]>([
    ["1,001 decisions that wait, once", 1, (atLeast) => ask(atLeast).repeat(1_001)],
    ["50 decisions that wait, 25 times", 25, (atLeast) => ask(atLeast).repeat(50)],
    ["50 decisions of OPA's API that wait, 5 times", 5, (atLeast) => ask(atLeast, dataPath).repeat(50)],
    ["200 bundles that wait, 5 times", 5, (atLeast) => get(bundle, opa + atLeast).repeat(200)],
    ["200 bundles, 20 times", 20, () => get(bundle, opa).repeat(200)],
    ["200 zipped decisions, 30 times", 30, () => Buffer.concat(Array.from({ length: 200 }, () => zipped))],
    [
      "200 zipped decisions behind one that waits, 5 times",
      5,
      (atLeast) => Buffer.concat([Buffer.from(ask(atLeast)), ...Array.from({ length: 200 }, () => zipped)]),
    ],
    ["500 decisions, 5 times", 5, () => ask().repeat(500)],
    ["500 looks at the health, 5 times", 5, () => get("/health").repeat(500)],
    ["20 scrapes, 5 times", 5, () => get("/metrics").repeat(20)],
    ["half a request behind 100 others, 5 times", 5, (atLeast) => ask(atLeast).repeat(100) + ask().slice(0, -1)],
  ])("leaves every place free: %s", async (_, times, requests) => {
    const { port, url, atLeast, decide } = await serve({ concurrentRequests: 16, atLeastSeconds: 300 })
    await cutOff(port, requests(atLeast), times)
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
    await expect.poll(decide).toBe(200)
    expect(await Promise.all(Array.from({ length: 16 }, decide))).toEqual(Array.from({ length: 16 }, () => 200))
  })

  it("leaves every place free when it asks for what is administered", async () => {
    const { port, pdp, send } = await administeredServer({ limits: { concurrentRequests: 16, atLeastSeconds: 300, propagationSeconds: 55 } }, true)
    const who = `X-NMP-Principal-Id: ${root}\r\n`
    const atLeast = `${who}X-Portcullis-At-Least: ${pdp.revision().split(".")[0]}.999999\r\n`
    const workspaces = "/apis/entities/v2/workspaces"
    const written = (name: string): string => {
      const body = JSON.stringify({ name })
      return `POST ${workspaces} HTTP/1.1\r\nHost: localhost\r\n${who}Content-Length: ${body.length}\r\n\r\n${body}`
    }
    const pipelines = [
      get(workspaces, atLeast).repeat(50),
      get(workspaces, who).repeat(50),
      get("/apis/auth/v2/iam/changes", who).repeat(50),
      get("/apis/auth/authenticate", who).repeat(50),
      Array.from({ length: 50 }, (_, at) => written(`made-${at}`)).join(""),
    ]
    for (const pipeline of pipelines) {
      await cutOff(port, pipeline, 3)
      await expect.poll(async () => (await send("GET", workspaces, { as: root })).status).toBe(200)
    }
    const answers = await Promise.all(Array.from({ length: 16 }, () => send("GET", workspaces, { as: root })))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  })

  it("makes nobody wait for it any more", async () => {
    const signals: AbortSignal[] = []
    const pdp = fakePdp()
    const atLeast: Pdp["atLeast"] = (revision, options) => {
      if (options?.signal) signals.push(options.signal)
      return pdp.atLeast(revision, options)
    }
    const { port, url } = await testServer({ pdp: { ...pdp, atLeast }, limits: { concurrentRequests: 30 } })
    const wait = "X-Portcullis-At-Least: 00000001.9\r\n"
    const socket = await sending(port, ask(wait) + ask(wait, dataPath) + get(bundle, opa + wait))
    await expect.poll(() => signals.length).toBe(3)
    expect((await post(url + allowPath, question, { "X-Portcullis-At-Least": "00000001.9" })).status).toBe(503)
    socket.destroy()
    await expect.poll(() => signals.map(({ aborted }) => aborted)).toEqual([true, true, true])
    const answer = post(url + allowPath, question, { "X-Portcullis-At-Least": "00000001.9" })
    await expect.poll(() => signals.length).toBe(4)
    pdp.advance(9)
    expect((await answer).status).toBe(200)
  })
})

describe("many requests on one connection", () => {
  it("are answered as far as the limit goes, and those beyond with 503", async () => {
    const { port } = await serve({ pipelinedRequests: 8 })
    const statuses = statusesOf(await raw(port, ask().repeat(19) + ask("Connection: close\r\n")))
    expect(statuses.slice(0, 8)).toEqual([200, 200, 200, 200, 200, 200, 200, 200])
    expect(statuses).toHaveLength(20)
    expect(new Set(statuses)).toEqual(new Set([200, 503]))
  })

  it("never wear a connection out that waits for its answers", async () => {
    const { port } = await serve({ pipelinedRequests: 1 })
    const socket = await sending(port, "")
    for (let round = 0; round < 50; round++) {
      socket.write(ask())
      const [answer] = await once(socket, "data")
      expect(statusesOf(String(answer))).toEqual([200])
    }
  })
})

describe("callers that wait for a revision", () => {
  it("take a tenth of the places, and decisions and health the rest", async () => {
    const { port, url, atLeast, decide } = await serve({ concurrentRequests: 100, atLeastSeconds: 300 })
    const crowd = await Promise.all(Array.from({ length: 10 }, () => sending(port, ask(atLeast))))
    const more = async (): Promise<string> => raw(port, ask(`${atLeast}Connection: close\r\n`))
    await expect.poll(async () => statusesOf(await more())).toEqual([503])
    expect(await more()).toMatch(/\r\nRetry-After: 1\r\n[^]*"code":"overloaded"/)
    expect(await decide()).toBe(200)
    for (const path of ["/health", "/health/live", "/health/ready"]) expect((await fetch(url + path)).status).toBe(200)
    for (const socket of crowd) socket.destroy()
  })
})
