import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { portcullis as forExpress } from "../../../src/middleware/express.js"
import { portcullis as forFastify, type FastifyReply, type FastifyRequest } from "../../../src/middleware/fastify.js"
import type { AdmissionOptions } from "../../../src/middleware/index.js"
import { listening } from "../../fixtures/listening.js"
import { raw } from "../../fixtures/test-server.js"

type Revised = { readonly allowed: boolean; readonly revision: string }

/** A policy decision point of the host's own. */
function pdpAnswering(decision: Revised): AdmissionOptions["pdp"] {
  const facts = { reasons: ["role_missing"], caller: "person", roles: {}, missing_permissions: [], required_scopes: [] } as const
  return { authorize: () => decision, explain: () => ({ ...facts, ...decision, allowed: false, method: "GET" }), atLeast: async () => {} }
}

const allowing = pdpAnswering({ allowed: true, revision: "a.1" })
const fault = new Error("the host failed")

describe("a host without a framework", () => {
  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ["throws", () => fail(fault), /^HTTP\/1\.1 500 [^]*"code":"internal"/],
    ["throws something that is no error", () => fail(Object.create(null)), /^HTTP\/1\.1 500 /],
    ["throws after it has answered", (response) => fail(response.end("done") && fault), /^HTTP\/1\.1 200 [^]*done/],
    ["throws in the middle of an answer", (response) => fail(response.writeHead(200).write("begun") && fault), /^(?:HTTP\/1\.1 200 [^]*)?$/],
  ])("that %s in next neither hangs nor ends the process", async (_, next, answered) => {
    const found = warnings()
    const middleware = forExpress({ pdp: allowing })
    const answer = await answerOf((request, response) => middleware(withTarget(request), response, () => next(response)))
    expect(answer).toMatch(answered)
    expect(found).toHaveLength(1)
  })

  it("whose response cannot be written neither hangs nor ends the process", async () => {
    const found = warnings()
    const middleware = forExpress({ pdp: pdpAnswering({ allowed: false, revision: "a.1" }) })
    const answer = await answerOf((request, response) => {
      response.writeHead = () => fail(fault)
      middleware(withTarget(request), response, () => fail("let in"))
    })
    expect([answer, found]).toEqual(["", [fault]])
  })

  it("of Fastify's kind that throws neither hangs nor ends the process", async () => {
    const found = warnings()
    const answer = await answerOf((request, response) => {
      const reply: FastifyReply = { sent: false, raw: response, code: () => fail(fault), headers: () => {}, send: () => {} }
      forFastify({ pdp: allowing })(
        {
          decorateRequest: () => {},
          addHook: (_, hook) => hook(fastifyRequest(request), reply, () => fail(fault)),
        },
        {},
        () => {},
      )
    })
    expect(answer).toMatch(/^HTTP\/1\.1 500 /)
    expect(found).toEqual([fault])
  })
})

it.each(["a\r\nX-Injected: y", "ä\u0100", ""])("a decision whose revision is %j denies without naming it", async (revision) => {
  const middleware = forExpress({ pdp: pdpAnswering({ allowed: false, revision }), peers: { trustedPeers: ["loopback"] } })
  const answer = await answerOf((request, response) => middleware(withTarget(request), response, () => fail("let in")), "X-NMP-Principal-Id: ann\r\n")
  expect(answer).toMatch(/^HTTP\/1\.1 403 /)
  expect(answer).not.toMatch(/X-Injected|X-Portcullis-Revision/i)
})

function withTarget(request: IncomingMessage) {
  return Object.assign(request, { method: request.method ?? "", originalUrl: request.url ?? "" })
}

function fastifyRequest(request: IncomingMessage): FastifyRequest {
  return { raw: request, originalUrl: request.url ?? "" }
}

async function answerOf(listener: RequestListener, headers = ""): Promise<string> {
  const server = createServer(listener)
  const url = await listening(server)
  onTestFinished(() => void server.close())
  return raw(Number(new URL(url).port), `GET /x HTTP/1.1\r\nHost: a\r\n${headers}Connection: close\r\n\r\n`)
}

function fail(why: unknown): never {
  throw why
}

/** The warnings of the process, which are not printed meanwhile. */
function warnings(): readonly unknown[] {
  const found: unknown[] = []
  const spy = vi.spyOn(process, "emitWarning").mockImplementation((warning) => void found.push(warning))
  onTestFinished(() => spy.mockRestore())
  return found
}
