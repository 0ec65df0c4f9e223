import { once } from "node:events"
import { createServer as createPlainServer, type Server } from "node:http"
import { createServer as createSecureServer } from "node:https"
import { describe, expect, it, onTestFinished } from "vitest"
import { getJson, tlsProblem } from "../../../src/outgoing/index.js"
import { certificateAuthority } from "../../fixtures/certificates.js"

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening")
  onTestFinished(() => void server.close())
  const address = server.address()
  return typeof address === "object" && address ? address.port : 0
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )

describe("why TLS does not come about", () => {
  it("is an authority that is not known here, for fetch and for our own requests", async () => {
    const { issue } = await certificateAuthority()
    const port = await listening(createSecureServer(await issue({ alternativeNames: [{ type: "ip", value: "127.0.0.1" }] })))
    const url = `https://127.0.0.1:${port}/`
    expect(tlsProblem(url, await failureOf(fetch(url)))).toMatchObject({ remedy: expect.stringContaining("NODE_EXTRA_CA_CERTS=ca.crt") })
    expect(await failureOf(getJson({ url }))).toMatchObject({ details: { remedy: expect.stringContaining("NODE_EXTRA_CA_CERTS=ca.crt") } })
  })

  it("is a server that speaks http, for fetch and for our own requests", async () => {
    const port = await listening(createPlainServer())
    const url = `https://127.0.0.1:${port}/`
    const remedy = `write http://127.0.0.1:${port}`
    expect(tlsProblem(url, await failureOf(fetch(url)))).toMatchObject({ remedy })
    const thrown = await failureOf(getJson({ url }))
    expect(thrown).toMatchObject({ details: { remedy } })
    expect(String(thrown)).not.toContain("\n")
  })

  it("is nothing when a connection is refused, or nothing was thrown by one", async () => {
    expect(tlsProblem("https://127.0.0.1:1", await failureOf(getJson({ url: "https://127.0.0.1:1/" })))).toBeUndefined()
    expect(tlsProblem("https://127.0.0.1:1", undefined)).toBeUndefined()
  })
})
