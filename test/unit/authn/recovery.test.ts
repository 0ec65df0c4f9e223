import { createServer } from "node:http"
import { expect, it, onTestFinished } from "vitest"
import { loginDiscovery } from "../../../src/authn/index.js"

it("an issuer that answers again is told of once, after as many problems as there were", async () => {
  let isUp = false
  const server = createServer((_request, response) => {
    response.writeHead(isUp ? 200 : 503, { "Content-Type": "application/json" }).end(JSON.stringify({ issuer }))
  })
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`
  let now = 0
  const told: string[] = []
  const discovery = loginDiscovery({
    authEnabled: true,
    oidc: { issuer, clientId: "cli", defaultScopes: "openid", cacheSeconds: 0 },
    onProblem: (problem) => void told.push(`problem of ${problem.issuer}`),
    onRecovery: (recovered) => void told.push(`recovery of ${recovered}`),
    hooks: { now: () => now },
  })
  for (const up of [false, false, true, true]) {
    isUp = up
    now += 10_000
    await discovery.read()
  }
  expect(told).toEqual([`problem of ${issuer}`, `problem of ${issuer}`, `recovery of ${issuer}`])
})
