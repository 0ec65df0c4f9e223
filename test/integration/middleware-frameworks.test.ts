import express, { Router } from "express"
import fastify from "fastify"
import { Hono } from "hono"
import { createServer, type Server } from "node:http"
import { describe, expect, it, onTestFinished } from "vitest"
import { portcullis as forExpress } from "../../src/middleware/express.js"
import { portcullis as forFastify } from "../../src/middleware/fastify.js"
import { portcullis as forHono, type PortcullisVariables } from "../../src/middleware/hono.js"
import { listening } from "../fixtures/listening.js"
import { middlewareWorld } from "../fixtures/middleware-world.js"

const models = "/workspaces/ml/models"

describe("the middleware for express", () => {
  it("decides on the whole path wherever it is mounted, and answers once", async () => {
    const { ann, options } = await middlewareWorld()
    const paths: string[] = []
    const admitted = forExpress({ ...options, onDecision: ({ path }) => void paths.push(path) })
    const app = express()
    const router = Router()
    router.get("/ml/models", admitted, (request, response) => response.send(request.portcullis?.principal.id))
    app.use("/workspaces", admitted, router)
    const url = await served(createServer(app))
    const answer = await fetch(url + models, { headers: await ann() })
    expect([answer.status, await answer.text(), paths]).toEqual([200, "ann@example.com", [models, models]])
  })

  it("takes the authorization path from the host", async () => {
    const { ann, options } = await middlewareWorld()
    const app = express()
    app.use("/api", forExpress({ ...options, path: (request) => request.originalUrl.replace(/^\/api/, "") }))
    app.use((_request, response) => void response.send("reached"))
    const url = await served(createServer(app))
    const headers = await ann()
    expect((await fetch(`${url}/api${models}`, { headers })).status).toBe(200)
    expect((await fetch(`${url}/api/health`, { headers })).status).toBe(200)
    expect((await fetch(`${url}/api/iam`, { headers })).status).toBe(403)
  })

  it("keeps headers that were set before it", async () => {
    const { options } = await middlewareWorld()
    const app = express()
    app.use((_request, response, next) => {
      response.setHeader("X-Before", "1")
      next()
    }, forExpress(options))
    const answer = await fetch((await served(createServer(app))) + models)
    expect([answer.status, answer.headers.get("x-before")]).toEqual([401, "1"])
  })
})

describe("the plugin for fastify", () => {
  it("holds for routes of the same instance, for plugins after it, and for what is not found", async () => {
    const { options } = await middlewareWorld()
    const app = fastify()
    app.get("/before", async () => "reached")
    app.register(forFastify(options))
    app.register(async (routes) => void routes.get("/after", async () => "reached"))
    for (const url of ["/before", "/after", "/nowhere"]) expect((await app.inject(url)).statusCode).toBe(401)
  })

  it("decides on the target that came, not on one that the host rewrote it to", async () => {
    const { ann, options } = await middlewareWorld()
    const app = fastify({ rewriteUrl: () => models })
    app.register(forFastify(options))
    app.get(models, async () => "reached")
    const headers = await ann()
    expect((await app.inject({ url: "/iam", headers })).statusCode).toBe(403)
    expect((await app.inject({ url: models, headers })).statusCode).toBe(200)
  })
})

describe("the middleware for hono", () => {
  it("decides on the parsed target on a server without Node's request, and believes no peer there", async () => {
    const { ann, options } = await middlewareWorld()
    const app = new Hono<{ Variables: PortcullisVariables }>()
    app.use(forHono({ ...options, peers: { trustedPeers: ["loopback"] } }))
    app.all("*", (c) => c.text(c.get("portcullis").principal.id))
    const headers = await ann()
    expect(await (await app.request(`${models}?a`, { headers })).text()).toBe("ann@example.com")
    expect((await app.request(`/health/../iam`, { headers })).status).toBe(403)
    expect((await app.request(models, { headers: { "X-NMP-Principal-Id": "ann@example.com" } })).status).toBe(401)
  })

  it("refuses a request that another one's address is routed for", async () => {
    const { options } = await middlewareWorld()
    const inner = new Hono()
    inner.use(forHono({ ...options, open: ["/public"] }))
    inner.all("*", (c) => c.text("reached"))
    const incoming = { url: "/public", rawHeaders: [], headers: {}, socket: {} }
    expect((await inner.request("/public", {}, { incoming })).status).toBe(200)
    expect((await inner.request("/private", {}, { incoming })).status).toBe(400)
  })

  it("decides on the whole path inside a mounted app", async () => {
    const { ann, options } = await middlewareWorld()
    const inner = new Hono()
    inner.use(forHono(options))
    inner.all("*", (c) => c.text(c.req.path))
    const outer = new Hono()
    outer.mount("/workspaces/ml", inner.fetch)
    const { Authorization: authorization } = await ann()
    const incoming = (url: string) => ({ url, rawHeaders: ["Authorization", authorization], headers: {}, socket: {} })
    const answer = await outer.request(models, {}, { incoming: incoming(models) })
    expect([answer.status, await answer.text()]).toEqual([200, "/models"])
  })
})

async function served(server: Server): Promise<string> {
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return listening(server)
}
