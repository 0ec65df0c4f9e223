import { once } from "node:events"
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http"
import { describe, expect, it, onTestFinished } from "vitest"
import { writePaced } from "../../../src/server/write-paced.js"
import { FakeTimers } from "../source/fake-timers.js"

const body = Buffer.alloc(32_000_000, "x")

/** A response of that body, and the answer as its client has it: it reads nothing by itself. */
async function sending(): Promise<{ readonly timers: FakeTimers; readonly response: ServerResponse; readonly answer: IncomingMessage }> {
  const timers = new FakeTimers()
  const server = createServer((_, response) => writePaced(response, body, { timers }))
  const asked = once(server, "request")
  await once(server.listen(0, "127.0.0.1"), "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const client = request({ host: "127.0.0.1", port: typeof address === "object" ? address?.port : 0, agent: false }).end()
  client.on("error", () => undefined)
  const [[, response], [answer]] = await Promise.all([asked, once(client, "response")])
  return { timers, response, answer }
}

describe("a body that is written as the client takes it", () => {
  it("comes whole, and nothing is left behind", async () => {
    const { timers, response, answer } = await sending()
    const closed = once(response, "close")
    let bytes = 0
    for await (const chunk of answer) bytes += chunk.length
    await closed
    expect([bytes, timers.pending()]).toEqual([body.length, []])
  })

  it("is given up when the client takes less than it must", async () => {
    const { timers, response, answer } = await sending()
    answer.on("error", () => undefined)
    timers.pass(30_000)
    expect(response.destroyed).toBe(false)
    const closed = once(response, "close")
    timers.pass(30_000)
    await closed
    expect([response.destroyed, timers.pending()]).toEqual([true, []])
  })
})
