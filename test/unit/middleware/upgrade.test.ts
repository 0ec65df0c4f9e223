import { once } from "node:events"
import { createServer, request as ask } from "node:http"
import type { Duplex } from "node:stream"
import { describe, expect, it, onTestFinished } from "vitest"
import { admitUpgrades, type UpgradeRequest } from "../../../src/middleware/index.js"
import { listening } from "../../fixtures/listening.js"
import { raw } from "../../fixtures/test-server.js"
import { modelsPdp } from "../pdp/world.js"

const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n"

describe("a request to upgrade", () => {
  it("goes on when its GET is allowed, and says who asks", async () => {
    const { url, who } = await upgradable()
    const headers = { Connection: "Upgrade", Upgrade: "websocket", "X-NMP-Principal-Id": "ann@example.com" }
    const [answer] = await once(ask(`${url}/workspaces/ml/models`, { headers }).end(), "upgrade")
    expect([answer.statusCode, who]).toEqual([101, ["ann@example.com"]])
  })

  it("is answered like any other when it is denied", async () => {
    const { port, who } = await upgradable()
    const answer = await raw(port, `GET /iam HTTP/1.1\r\nHost: a\r\n${upgrade}X-NMP-Principal-Id: ann@example.com\r\n\r\n`)
    const [head = "", body = ""] = answer.split("\r\n\r\n")
    expect(head).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*^Connection: close$/m)
    expect([JSON.parse(body).code, who]).toEqual(["role_missing", []])
  })

  it("is answered without credentials, with the challenge", async () => {
    const { port } = await upgradable()
    const answer = await raw(port, `GET /iam HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n[^]*^WWW-Authenticate: Bearer\r$/m)
  })
})

/** A server that upgrades to nothing in particular. */
async function upgradable() {
  const { pdp } = await modelsPdp()
  onTestFinished(() => pdp.close())
  const who: (string | undefined)[] = []
  const admit = admitUpgrades({ pdp, peers: { trustedPeers: ["loopback"] } })
  const server = createServer()
  const upgraded = async (request: UpgradeRequest, socket: Duplex): Promise<void> => {
    if (!(await admit(request, socket))) return
    who.push(request.portcullis?.principal.id)
    socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
  }
  server.on("upgrade", (request, socket) => void upgraded(request, socket))
  const url = await listening(server)
  onTestFinished(() => void server.close())
  return { url, port: Number(new URL(url).port), who }
}
