import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { unpackTar } from "modern-tar"
import { beforeAll, describe, expect, it } from "vitest"
import { quickstartCopy } from "../fixtures/quickstart.js"
import { root, start } from "../fixtures/sidecar.js"
import { testServer } from "../fixtures/test-server.js"

const path = "/bundles/authz.tar.gz"
const aliases = [path, "/apis/auth/v2/iam/opa-bundle.tar.gz", "/internal/iam/opa-bundle.tar.gz"]

interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
}

function get(url: string, headers: OutgoingHttpHeaders = {}, method = "GET", target = path): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request(url + target, { method, headers: { "X-NMP-Principal-Id": "service:opa", ...headers }, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) }))
    })
    sent.on("error", reject)
    sent.end()
  })
}

async function etagOf(url: string): Promise<string> {
  return (await get(url)).headers.etag ?? ""
}

describe("a bundle over HTTP", () => {
  it("has a strong entity tag, a lifetime, its revision and a name, under each of its paths", async () => {
    const { url } = await testServer({ bundleCacheSeconds: 7.5 })
    const [first, ...others] = await Promise.all(aliases.map((alias) => get(url, {}, "GET", alias)))
    const digest = createHash("sha256")
      .update(first?.bytes ?? "")
      .digest("hex")
    expect(first?.status).toBe(200)
    expect(first?.headers).toMatchObject({
      etag: `"${digest}"`,
      "cache-control": "private, max-age=7, must-revalidate",
      "content-type": "application/gzip",
      "content-length": String(first?.bytes.length),
      "content-disposition": "attachment; filename=authz.tar.gz",
      "x-portcullis-revision": "00000001.1",
    })
    for (const { headers, bytes } of others) {
      expect(bytes).toEqual(first?.bytes)
      expect(headers).toMatchObject({ etag: first?.headers.etag, "content-disposition": "attachment; filename=opa-bundle.tar.gz" })
    }
  })

  it.each([
    ["the tag", (tag: string) => tag, 304],
    ["the tag, weak", (tag: string) => `W/${tag}`, 304],
    ["any", () => "*", 304],
    ["a list with the tag", (tag: string) => `"x", ${tag},"y"`, 304],
    ["a list with the tag, weak and last", (tag: string) => `"x","y" ,W/${tag}`, 304],
    ["two headers, of which one has the tag", (tag: string) => ['"x"', tag], 304],
    ["another tag", () => '"x"', 200],
    ["a list without the tag", () => '"x", W/"y"', 200],
    ["the tag without quotes", (tag: string) => tag.slice(1, -1), 200],
    ["a tag that holds the tag", (tag: string) => `"x${tag.slice(1)}`, 200],
    ["a weak mark in lower case", (tag: string) => `"x" w/"y${tag.slice(1)}`, 200],
    ["a star in a list", () => '"x", *', 200],
    ["nothing", () => "", 200],
  ])("asked for unless it matches %s", async (_, ifNoneMatch, status) => {
    const { url } = await testServer()
    const full = await get(url)
    const etag = full.headers.etag ?? ""
    for (const method of ["GET", "HEAD"]) {
      const answer = await get(url, { "If-None-Match": ifNoneMatch(etag) }, method)
      expect(answer.status).toBe(status)
      expect(answer.headers).toMatchObject({ etag, "cache-control": full.headers["cache-control"], "x-portcullis-revision": "00000001.1" })
      expect(answer.bytes.length).toBe(status === 200 && method === "GET" ? full.bytes.length : 0)
      expect(answer.headers["content-length"]).toBe(status === 200 ? String(full.bytes.length) : undefined)
    }
  })

  it("ignores conditions that RFC 9110 rules out beside an entity tag, and ranges", async () => {
    const { url } = await testServer()
    const yesterday = new Date(Date.now() - 86_400_000).toUTCString()
    const tomorrow = new Date(Date.now() + 86_400_000).toUTCString()
    for (const headers of [{ "If-Modified-Since": tomorrow, "If-None-Match": '"x"' }, { Range: "bytes=0-9" }, { "If-Unmodified-Since": yesterday }])
      expect((await get(url, headers)).status).toBe(200)
  })

  it("changes its tag with its revision, and not before", async () => {
    const { url, pdp } = await testServer()
    const before = await etagOf(url)
    expect(await etagOf(url)).toBe(before)
    pdp.bindings = [{ principal: "ann", workspace: "ml", role: "Viewer" }]
    pdp.advance(2)
    const after = await get(url, { "If-None-Match": before })
    expect([after.status, after.headers["x-portcullis-revision"]]).toEqual([200, "00000001.2"])
    expect(after.headers.etag).not.toBe(before)
    expect((await get(url, { "If-None-Match": after.headers.etag ?? "" })).status).toBe(304)
  })

  it("is not there before there is data, whatever the condition", async () => {
    const { url, pdp } = await testServer()
    pdp.ready = false
    for (const headers of [{}, { "If-None-Match": "*" }]) expect((await get(url, headers)).status).toBe(503)
  })
})

describe("two processes with the same data", () => {
  beforeAll(() => {
    const built = spawnSync(process.execPath, [join(root, "scripts/ensure-built.mjs")], { encoding: "utf8" })
    expect(built.stderr).not.toContain("do not compile")
  })

  it("give the same bytes, but for the manifest with the revision of each", async () => {
    const bundles = await Promise.all(
      [0, 1].map(async () => {
        const sidecar = start(["serve", "--config", join(quickstartCopy(), "portcullis.yaml"), "--listen", "127.0.0.1:0"])
        const [, url = ""] = await sidecar.printed("out", /listens on (http:\S+)\n/)
        const { bytes, headers } = await get(url)
        expect((await get(url)).bytes).toEqual(bytes)
        const entries = await unpackTar(gunzipSync(bytes))
        const files = new Map(
          entries.map(({ header, data }) => [header.name, { ...header, size: undefined, text: Buffer.from(data ?? []).toString() }]),
        )
        const manifest: unknown = JSON.parse(files.get(".manifest")?.text ?? "")
        expect(manifest).toMatchObject({ revision: headers["x-portcullis-revision"] })
        return { names: [...files.keys()], files: [...files.values()].filter(({ name }) => name !== ".manifest") }
      }),
    )
    expect(bundles[0]?.names.length).toBeGreaterThan(5)
    expect(bundles[1]).toEqual(bundles[0])
  })
})
