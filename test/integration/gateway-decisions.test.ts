import express from "express"
import { once } from "node:events"
import { createServer as createTlsServer, request as askTls } from "node:https"
import { createServer, request as ask } from "node:http"
import { json } from "node:stream/consumers"
import { describe, expect, it, onTestFinished } from "vitest"
import { decisionProof } from "../../src/authn/index.js"
import { portcullis } from "../../src/middleware/express.js"
import { admitUpgrades, type AdmissionOptions, type DecisionEvent, type UpgradeRequest } from "../../src/middleware/index.js"
import { certificateAuthority, type IssuedCertificate } from "../fixtures/certificates.js"
import { hostApps } from "../fixtures/host-apps.js"
import { listening } from "../fixtures/listening.js"
import { middlewareWorld } from "../fixtures/middleware-world.js"

const key = "0123456789abcdef0123456789abcdef"
const secret = "the secret of a gateway"
const secretHeader = { "X-Portcullis-Peer-Secret": secret }
const path = "/workspaces/ml/models"

/** What a gateway passes on of a request of somebody who holds no role here. */
function letIn(method = "GET", signer = key): Record<string, string> {
  const facts = { method, path, principal: { id: "cid@example.com", groups: ["a", "b"] }, decisionId: "d-1", revision: "0000abcd.7" }
  return {
    "X-NMP-Principal-Id": "cid@example.com",
    "X-NMP-Principal-Email": "",
    "X-NMP-Principal-Groups": "a,b",
    "X-NMP-Scopes": "*",
    "X-NMP-Authorized": "true",
    "X-Portcullis-Decision": decisionProof(facts, signer, Date.now() + 10_000),
  }
}

describe.each(Object.entries(hostApps))("behind a gateway, the middleware for %s", (_name, start) => {
  const host = async (options: Partial<AdmissionOptions> = {}) => {
    const world = await middlewareWorld()
    const events: DecisionEvent[] = []
    const app = await start({
      ...world.options,
      peers: { secrets: () => [secret] },
      gatewayDecisions: { keys: () => [key] },
      onDecision: (event) => void events.push(event),
      ...options,
    })
    return { ...world, ...app, events }
  }

  it("lets in whom a proven gateway let in, with the decision of the gateway", async () => {
    const { url } = await host()
    const answer = await fetch(`${url}${path}?limit=1`, { headers: { ...letIn(), ...secretHeader } })
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { id: "cid@example.com", proof: "principal_headers", decisionId: "d-1", body: "" },
    ])
  })

  it.each([
    ["no secret", letIn(), "peer_not_proven"],
    ["a wrong secret", { ...letIn(), "X-Portcullis-Peer-Secret": "another secret of a gateway" }, "peer_not_proven"],
    ["another key", { ...letIn("GET", `${key}0`), ...secretHeader }, "decision_not_proven"],
    ["another method", { ...letIn("DELETE"), ...secretHeader }, "decision_not_proven"],
    ["no proof", { ...letIn(), "X-Portcullis-Decision": "", ...secretHeader }, "decision_missing"],
  ])("decides itself with %s", async (_what, headers, reason) => {
    const { url, reached, events } = await host()
    expect([401, 403]).toContain((await fetch(url + path, { headers })).status)
    expect([reached, events.map(({ unproven }) => unproven?.reason)]).toEqual([[], [reason]])
  })

  it("decides itself on a token when the gateway let nobody in", async () => {
    const { url, ann, events } = await host()
    const answer = await fetch(url + path, { headers: { ...(await ann()), ...secretHeader } })
    expect([answer.status, await answer.json()]).toMatchObject([200, { id: "ann@example.com", proof: "verified_token" }])
    expect(events[0]).not.toHaveProperty("unproven")
  })

  it("believes no gateway unless told so", async () => {
    const { url, reached } = await host({ gatewayDecisions: undefined })
    expect((await fetch(url + path, { headers: { ...letIn(), ...secretHeader } })).status).toBe(403)
    expect(reached).toEqual([])
  })
})

describe("upgrades behind a gateway", () => {
  it("are let in by its decision on their GET", async () => {
    const { options } = await middlewareWorld()
    const admit = admitUpgrades({ ...options, peers: { secrets: () => [secret] }, gatewayDecisions: { keys: () => [key] } })
    const server = createServer()
    server.on("upgrade", (request: UpgradeRequest, socket) => {
      void admit(request, socket).then((isIn) => {
        if (isIn)
          socket.end(
            `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\nX-By: ${request.portcullis?.gateway?.decisionId}\r\n\r\n`,
          )
      })
    })
    const url = await listening(server)
    onTestFinished(() => void server.close())
    const upgrade = { Connection: "Upgrade", Upgrade: "x" }
    const allowed = ask(url + path, { headers: { ...upgrade, ...letIn(), ...secretHeader } }).end()
    const [answer] = await once(allowed, "upgrade")
    expect([answer.statusCode, answer.headers["x-by"]]).toEqual([101, "d-1"])
    const [denied] = await once(ask(url + path, { headers: { ...upgrade, ...letIn() } }).end(), "response")
    expect(denied.statusCode).toBe(401)
  })
})

describe("a gateway with a client certificate", () => {
  it("is proven, and one with the certificate of another name is not", async () => {
    const authority = await certificateAuthority()
    const { options } = await middlewareWorld()
    const server = await authority.issue({ alternativeNames: [{ type: "dns", value: "localhost" }] })
    const app = express()
    const peers = { trustedPeers: ["certificate:gateway"] }
    app.use(portcullis({ ...options, peers, gatewayDecisions: { keys: () => [key] } }))
    app.use((request, response) => void response.json(request.portcullis?.gateway))
    const tls = createTlsServer({ ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: false }, app)
    tls.listen(0, "127.0.0.1")
    await once(tls, "listening")
    onTestFinished(() => void tls.close())
    const address = tls.address()
    const port = typeof address === "object" ? address?.port : undefined
    const asked = async (client: Partial<IssuedCertificate>) => {
      const request = askTls({
        host: "127.0.0.1",
        servername: "localhost",
        port,
        path,
        ca: authority.cert,
        headers: letIn(),
        agent: false,
        ...client,
      })
      const [answer] = await once(request.end(), "response")
      return [answer.statusCode, await json(answer)]
    }
    expect(await asked(await authority.issue({ subject: "CN=gateway" }))).toEqual([200, { decisionId: "d-1", revision: "0000abcd.7" }])
    expect(await asked(await authority.issue({ subject: "CN=other" }))).toMatchObject([401, { code: "principal_header_rejected" }])
    expect(await asked({})).toMatchObject([401, { code: "principal_header_rejected" }])
  })
})
