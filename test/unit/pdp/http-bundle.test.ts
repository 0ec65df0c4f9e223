import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import type { IncomingMessage, ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { httpBundle, type HttpBundleOptions } from "../../../src/index.js"
import { documentServer } from "../../fixtures/document-server.js"

const longPollType = "application/vnd.openpolicyagent.bundles"
const signal = new AbortController().signal

async function served(answer: (request: IncomingMessage, response: ServerResponse) => void, options: Partial<HttpBundleOptions> = {}) {
  const server = await documentServer(answer)
  onTestFinished(() => server.close())
  return { server, bundle: httpBundle({ url: `${server.origin}bundles/authz.tar.gz`, ...options }) }
}

describe("a bundle over HTTP", () => {
  it("is asked for as OPAs do: the first question comes without a tag, and must not be held back", async () => {
    const { server, bundle } = await served((_, response) => response.writeHead(200, { etag: '"1"', "content-type": longPollType }).end("x"))
    expect(await bundle.read({ waitMs: 0, signal })).toMatchObject({ kind: "bundle", tag: '"1"', bytes: Buffer.from("x") })
    expect(server.asked[0]).toMatchObject({ prefer: "modes=snapshot;wait=1", "accept-encoding": "identity" })
    expect(server.asked[0]).not.toHaveProperty("if-none-match")
    await bundle.read({ have: '"1"', waitMs: 30_000, signal })
    expect(server.asked[1]).toMatchObject({ prefer: "modes=snapshot;wait=30", "if-none-match": '"1"' })
    await bundle.read({ have: '"1"', waitMs: 0, signal })
    expect(server.asked[2]).toMatchObject({ prefer: "modes=snapshot", "if-none-match": '"1"' })
    await bundle.read({ have: '"1"', takesDelta: true, waitMs: 1_000, signal })
    expect(server.asked[3]).toMatchObject({ prefer: "modes=snapshot,delta;wait=1", "if-none-match": '"1"' })
  })

  it.each([
    [longPollType, 30_000],
    [`${longPollType}; v=1`, 0],
    ["application/gzip", 0],
  ])("is polled long after a 200 of the type %s, or is not", async (type, waitMs) => {
    const { bundle } = await served((_, response) => response.writeHead(200, { "content-type": type }).end("x"))
    expect(bundle.waitMs()).toBe(30_000)
    await bundle.read({ waitMs: 30_000, signal })
    expect(bundle.waitMs()).toBe(waitMs)
  })

  it("stays polled long after a 304", async () => {
    const { bundle } = await served((_, response) => response.writeHead(304).end())
    expect(await bundle.read({ have: '"1"', waitMs: 30_000, signal })).toEqual({ kind: "unchanged" })
    expect(bundle.waitMs()).toBe(30_000)
  })

  it("has no tag when the server gives none, or no good one", async () => {
    const { bundle } = await served((_, response) => response.writeHead(200, { etag: "none" }).end("x"))
    expect(await bundle.read({ waitMs: 0, signal })).toMatchObject({ tag: undefined })
  })

  it("is asked for with the token of the moment, and the headers given", async () => {
    const folder = mkdtempSync(join(tmpdir(), "portcullis-token-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const tokenFile = join(folder, "token")
    writeFileSync(tokenFile, "first\n")
    const { server, bundle } = await served((_, response) => response.end("x"), { tokenFile, headers: { "x-team": "ml" } })
    await bundle.read({ waitMs: 0, signal })
    writeFileSync(tokenFile, "second\n")
    await bundle.read({ waitMs: 0, signal })
    expect(server.asked.map(({ authorization }) => authorization)).toEqual(["Bearer first", "Bearer second"])
    expect(server.asked[0]).toMatchObject({ "x-team": "ml" })
    writeFileSync(tokenFile, "not one\n")
    await expect(bundle.read({ waitMs: 0, signal })).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
  })

  it.each([404, 401, 500, 301, 204])("is unavailable when the status is %d", async (status) => {
    const { bundle } = await served((_, response) => response.writeHead(status, { location: "/elsewhere" }).end())
    await expect(bundle.read({ waitMs: 0, signal })).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE", details: { httpStatus: status } })
  })

  it("is unavailable when nothing comes, too much, another encoding, or a 304 that was not asked for", async () => {
    const answers: readonly ((response: ServerResponse) => void)[] = [
      (response) => response.end(),
      (response) => response.end("12345"),
      (response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"),
      (response) => response.writeHead(304).end(),
    ]
    for (const answer of answers) {
      const { bundle } = await served((_, response) => answer(response), { maxBytes: 4 })
      await expect(bundle.read({ waitMs: 0, signal })).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    }
  })

  it("is given up when the question is ended, and when the server stays silent", async () => {
    const { bundle } = await served(() => undefined, { timeoutMs: 50, longPollSeconds: 0 })
    await expect(bundle.read({ waitMs: 0, signal })).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    await expect(bundle.read({ waitMs: 0, signal: AbortSignal.abort() })).rejects.toThrow()
  })

  it.each([
    { url: "http://example.com/bundle.tar.gz" },
    { url: "no url" },
    { url: "https://169.254.169.254/bundle.tar.gz" },
    { url: "https://example.com/b", pollSeconds: 0 },
    { url: "https://example.com/b", longPollSeconds: -1 },
    { url: "https://example.com/b", headers: { "if-none-match": "x" } },
    { url: "https://example.com/b", verify: { keys: { a: { algorithm: "EdDSA" } } } },
    { url: "https://example.com/b", pollSecond: 1 },
  ])("is refused with %j", (options) => {
    expect(() => Reflect.apply(httpBundle, undefined, [options])).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })
})
