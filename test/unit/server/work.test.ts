import { once } from "node:events"
import { createServer, type ServerResponse } from "node:http"
import { expect, it, onTestFinished } from "vitest"
import { openWork } from "../../../src/server/work.js"
import { listening } from "../../fixtures/listening.js"

it("who waits outside takes no place, and has one again when that is over, unless gone", async () => {
  const work = openWork({ concurrentRequests: 1, pipelinedRequests: 16 })
  const [first, second, third] = await Promise.all([response(), response(), response()])
  for (const one of [first, second, third]) work.open(one, one.req.socket)
  const isFull = (one: ServerResponse): boolean => work.admit(one, one.req.socket, false) !== undefined
  expect([isFull(first), isFull(second)]).toEqual([false, true])
  const back = work.pause(first)
  expect([isFull(second), isFull(third)]).toEqual([false, true])
  back()
  work.pause(second)()
  second.destroy()
  second.emit("close")
  expect(isFull(third)).toBe(true)
  const late = work.pause(first)
  first.emit("close")
  late()
  expect(isFull(third)).toBe(false)
  work.pause(second)()
  expect(isFull(third)).toBe(true)
})

async function response(): Promise<ServerResponse> {
  const server = createServer()
  const arrived = once(server, "request")
  const url = await listening(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  void fetch(url).catch(() => undefined)
  const [, answer] = await arrived
  return answer
}
