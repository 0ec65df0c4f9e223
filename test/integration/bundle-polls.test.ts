import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { request, Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { createPdp, memorySource } from "../../src/index.js"
import { startServer, type BundleTokenOptions } from "../../src/server/index.js"
import { post, testServer } from "../fixtures/test-server.js"
import { testClock } from "../unit/fleet/clock.js"

const longPoll = "application/vnd.openpolicyagent.bundles"
const path = "/bundles/authz.tar.gz"

interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  readonly code: unknown
}

function get(
  url: string,
  headers: OutgoingHttpHeaders = {},
  { target = path, method = "GET", agent }: { target?: string; method?: string; agent?: Agent } = {},
): Promise<Got> {
  const all = headers["Authorization"] === undefined ? { "X-NMP-Principal-Id": "service:opa", ...headers } : headers
  return new Promise((resolve, reject) => {
    const sent = request(url + target, { method, headers: all, agent: agent ?? false }, (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () => {
        const bytes = Buffer.concat(chunks)
        const body: unknown = response.headers["content-type"] === "application/json" ? JSON.parse(bytes.toString()) : {}
        const code = typeof body === "object" && body !== null && "code" in body ? body.code : undefined
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, code })
      })
    })
    sent.on("error", reject)
    sent.end()
  })
}

async function etagOf(url: string, target = path): Promise<string> {
  return (await get(url, {}, { target })).headers.etag ?? ""
}

async function waitingAt(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^portcullis_bundle_polls_waiting (\d+)$/m.exec(text)?.[1])
}

/** The shared clock, as a server takes it. */
function clock() {
  const { now, timers, advance } = testClock()
  return { hooks: { now, timers }, advance }
}

describe("a long poll", () => {
  it.each([
    ["without a tag", () => ({})],
    ["with a tag that is not current", () => ({ "If-None-Match": '"x"' })],
  ])("is answered at once %s, and told that it may wait", async (_, headers) => {
    const { url } = await testServer()
    const answer = await get(url, { Prefer: "modes=snapshot,delta;wait=30", ...headers() })
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, longPoll])
  })

  it("is not offered where nobody may wait: an OPA would ask again and again without a pause", async () => {
    const { url } = await testServer({ limits: { longPollSeconds: 0 } })
    const answer = await get(url, { Prefer: "modes=snapshot,delta;wait=30" })
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/gzip"])
  })

  it.each([
    ["that", (etag: string) => etag],
    ["that, weak", (etag: string) => `W/${etag}`],
    ["a list with it", (etag: string) => `"x", ${etag}`],
  ])("with the current tag (%s) is answered when there is another bundle", async (_, ifNoneMatch) => {
    const { url, pdp } = await testServer()
    const held = get(url, { Prefer: "wait=30", "If-None-Match": ifNoneMatch(await etagOf(url)) })
    await expect.poll(() => waitingAt(url)).toBe(1)
    pdp.advance(2)
    const { status, headers } = await held
    expect([status, headers["content-type"], headers["x-portcullis-revision"]]).toEqual([200, longPoll, "00000001.2"])
  })

  it("is answered 304 when its time is up: its own, or that of the server", async () => {
    const time = clock()
    const { url } = await testServer({ hooks: time.hooks, limits: { longPollSeconds: 20 } })
    const etag = await etagOf(url)
    for (const [wait, seconds] of [
      ["5", 5],
      ["600", 20],
    ] as const) {
      const held = get(url, { Prefer: `wait=${wait}`, "If-None-Match": etag })
      await expect.poll(() => waitingAt(url)).toBe(1)
      time.advance(seconds * 1_000 - 1)
      expect(await waitingAt(url)).toBe(1)
      time.advance(1)
      expect((await held).status).toBe(304)
    }
  })

  it("does not hold HEAD, nor who does not ask for it", async () => {
    const { url } = await testServer()
    const etag = await etagOf(url)
    expect((await get(url, { Prefer: "wait=30", "If-None-Match": etag }, { method: "HEAD" })).status).toBe(304)
    for (const prefer of ["wait=0", "modes=snapshot,delta", "wait=soon", "respond-async"])
      expect((await get(url, { Prefer: prefer, "If-None-Match": etag })).status).toBe(304)
  })

  it("asks for the right again before it is answered", async () => {
    const { url, pdp } = await testServer()
    const held = get(url, { Prefer: "wait=30", "If-None-Match": await etagOf(url) })
    await expect.poll(() => waitingAt(url)).toBe(1)
    pdp.authorize = () => ({ allowed: false, revision: pdp.revision() })
    pdp.advance(2)
    expect((await held).status).toBe(403)
  })

  it("is one of so many: further ones are refused, and take no place from decisions", async () => {
    const { url, pdp } = await testServer({ limits: { longPolls: 2, concurrentRequests: 3 } })
    const etag = await etagOf(url)
    const held = [1, 2].map(() => get(url, { Prefer: "wait=30", "If-None-Match": etag }))
    await expect.poll(() => waitingAt(url)).toBe(2)
    const third = await get(url, { Prefer: "wait=30", "If-None-Match": etag })
    expect([third.status, third.code, third.headers["retry-after"]]).toEqual([503, "overloaded", "1"])
    const decided = await Promise.all([1, 2, 3].map(() => post(`${url}/v1/data/authz/allow`, { input: {} })))
    expect(decided.map(({ status }) => status)).toEqual([200, 200, 200])
    pdp.advance(2)
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200])
  })

  it("is answered when this process stops", async () => {
    const server = await testServer()
    const held = get(server.url, { Prefer: "wait=30", "If-None-Match": await etagOf(server.url) })
    await expect.poll(() => waitingAt(server.url)).toBe(1)
    await server.close(5_000)
    const answer = await held
    expect([answer.status, answer.headers.connection]).toEqual([304, "close"])
  })

  it("whose client goes away is forgotten", async () => {
    const { url } = await testServer()
    const etag = await etagOf(url)
    const agent = new Agent()
    const held = get(url, { Prefer: "wait=30", "If-None-Match": etag }, { agent }).catch(() => "gone")
    await expect.poll(() => waitingAt(url)).toBe(1)
    agent.destroy()
    expect(await held).toBe("gone")
    await expect.poll(() => waitingAt(url)).toBe(0)
  })

  it("for a part waits for that part only", async () => {
    const source = memorySource([{ principal: "ann", workspace: "ml", role: "Viewer" }])
    const pdp = await createPdp({ source })
    const { url, close } = await startServer({ pdp, listen: { host: "127.0.0.1", port: 0 } })
    onTestFinished(async () => {
      await close(0)
      await pdp.close()
    })
    const names = ["authz-policy", "authz-roles", ...Array.from({ length: 16 }, (_, at) => `authz-bindings-0${at.toString(16)}`)]
    const tags = await Promise.all(names.map((name) => etagOf(url, `/bundles/${name}.tar.gz`)))
    const held = names.map((name, at) => get(url, { Prefer: "wait=30", "If-None-Match": tags[at] }, { target: `/bundles/${name}.tar.gz` }))
    await expect.poll(() => waitingAt(url)).toBe(18)
    source.add({ principal: "ben", workspace: "ml", role: "Viewer" })
    await pdp.refresh()
    const { headers, status } = await Promise.race(held)
    expect([status, headers["x-portcullis-revision"], headers["content-disposition"]?.startsWith("attachment; filename=authz-bindings-0")]).toEqual([
      200,
      pdp.revision(),
      true,
    ])
    await expect.poll(() => waitingAt(url)).toBe(17)
  })
})

describe("a delta bundle", () => {
  const deltaServer = async (bundles = {}) => {
    const source = memorySource(Array.from({ length: 500 }, (_, at) => ({ principal: `p${at}`, workspace: "ml", role: "Viewer" })))
    const pdp = await createPdp({ source })
    const { url, close } = await startServer({ pdp, listen: { host: "127.0.0.1", port: 0 }, bundles })
    onTestFinished(async () => {
      await close(0)
      await pdp.close()
    })
    const change = async (principal: string) => {
      source.add({ principal, workspace: "ml", role: "Viewer" })
      await pdp.refresh()
    }
    return { url, change }
  }
  const wanted = { Prefer: "modes=snapshot,delta;wait=10" }

  it("is for who wants one, and runs a bundle that it leads on from", async () => {
    const { url, change } = await deltaServer()
    const full = await get(url, wanted)
    await change("new")
    const { etag = "" } = full.headers
    const delta = await get(url, { ...wanted, "If-None-Match": etag })
    expect([delta.status, delta.headers["content-type"], delta.headers["cache-control"]]).toEqual([200, longPoll, "no-store"])
    expect(delta.bytes.length).toBeLessThan(full.bytes.length / 2)
    const now = await get(url)
    expect(delta.headers.etag).toBe(now.headers.etag)
    for (const headers of [{ "If-None-Match": etag }, { ...wanted, "If-None-Match": '"x"' }, { ...wanted, "If-None-Match": `W/${etag}` }, wanted])
      expect((await get(url, headers)).bytes.length).toBe(now.bytes.length)
    expect((await get(url, { ...wanted, "If-None-Match": etag }, { method: "HEAD" })).headers["content-length"]).toBe(String(now.bytes.length))
  })

  it("is not for who could not use one, until later", async () => {
    const { url, change } = await deltaServer()
    const first = (await get(url, wanted)).headers.etag
    await change("new")
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const delta = await get(url, { ...wanted, "If-None-Match": first }, { agent })
    const again = await get(url, { ...wanted, "If-None-Match": first }, { agent })
    expect(again.bytes.length).toBeGreaterThan(delta.bytes.length * 2)
    await change("newer")
    const next = await get(url, { ...wanted, "If-None-Match": again.headers.etag }, { agent })
    expect(next.bytes.length).toBeGreaterThan(delta.bytes.length * 2)
    const other = await get(url, { ...wanted, "If-None-Match": again.headers.etag, "User-Agent": "another" })
    expect(other.bytes.length).toBeLessThan(next.bytes.length / 2)
  })

  it("is for nobody while bundles are signed", async () => {
    const { url, change } = await deltaServer({ signer: async () => ({ name: ".signatures.json", body: Buffer.from("{}") }) })
    const full = await get(url, wanted)
    await change("new")
    const answer = await get(url, { ...wanted, "If-None-Match": full.headers.etag })
    expect(answer.bytes.length).toBeGreaterThan(full.bytes.length / 2)
  })
})

describe("a client that asks again and again for what it cannot use", () => {
  it("gets it slower and slower, and what is newer at once", async () => {
    const time = clock()
    const { url, pdp } = await testServer({ hooks: time.hooks })
    const old = await etagOf(url)
    pdp.advance(2)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    const ask = () => get(url, { Prefer: "wait=30", "If-None-Match": old }, { agent })
    expect((await ask()).status).toBe(200)
    for (const seconds of [1, 2, 4]) {
      const held = ask()
      await expect.poll(() => waitingAt(url)).toBe(1)
      time.advance(seconds * 1_000 - 1)
      expect(await waitingAt(url)).toBe(1)
      time.advance(1)
      expect((await held).status).toBe(200)
    }
    const held = ask()
    await expect.poll(() => waitingAt(url)).toBe(1)
    pdp.advance(3)
    expect((await held).headers["x-portcullis-revision"]).toBe("00000001.3")
  })
})

describe("a bundle that cannot be built", () => {
  it("is the last good one, with a warning, and that only once in the log", async () => {
    const { url, pdp } = await testServer()
    const good = await get(url)
    const { snapshot } = pdp
    pdp.snapshot = () => {
      throw new Error("out of ideas")
    }
    pdp.advance(2)
    const stale = await get(url)
    expect([stale.status, stale.headers.etag, stale.headers.warning]).toEqual([200, good.headers.etag, '111 portcullis "Revalidation Failed"'])
    expect((await get(url, { "If-None-Match": good.headers.etag })).headers.warning).toBeDefined()
    pdp.snapshot = snapshot
    const fresh = await get(url)
    expect([fresh.headers.warning, fresh.headers["x-portcullis-revision"]]).toEqual([undefined, "00000001.2"])
  })

  it("is refused where nothing may be decided on, either", async () => {
    const { url, pdp } = await testServer()
    await get(url)
    pdp.ready = false
    expect((await get(url)).status).toBe(503)
  })
})

describe("a bundle token", () => {
  const value = "0123456789abcdef"
  const bearer = { Authorization: `Bearer ${value}` }
  const withToken = (token: Partial<BundleTokenOptions> = {}) =>
    testServer({ bundles: { tokens: [{ name: "opas", token: value, ...token }] }, peers: { trustedPeers: [] } })

  it("opens bundles and status, and nothing else", async () => {
    const { url } = await withToken()
    expect((await get(url, bearer)).status).toBe(200)
    expect((await post(`${url}/status`, { labels: { id: "a" } }, bearer)).status).toBe(200)
    expect((await post(`${url}/v1/data/authz/allow`, { input: {} }, bearer)).status).toBe(403)
    for (const target of ["/fleet", "/apis/auth/authenticate"]) expect((await get(url, bearer, { target })).status).toBe(401)
  })

  it("is for what it allows, and for the bundles that it names", async () => {
    const { url } = await withToken({ allow: ["bundle", "pdp"], bundles: ["authz-roles"] })
    expect((await get(url, bearer, { target: "/bundles/authz-roles.tar.gz" })).status).toBe(200)
    const other = await get(url, bearer)
    expect([other.status, other.code]).toEqual([403, "token_not_for_this"])
    expect((await post(`${url}/status`, {}, bearer)).status).toBe(403)
    expect((await post(`${url}/v1/data/authz/allow`, { input: {} }, bearer)).status).toBe(200)
  })

  it.each(["0123456789abcdeg", "0123456789abcde", `${value}x`, ""])("is not '%s', which goes on as any other token", async (wrong) => {
    const { url } = await withToken()
    expect((await get(url, { Authorization: `Bearer ${wrong}` })).status).toBe(401)
  })

  it("in a file can be exchanged: both values hold until the old one is gone", async () => {
    const folder = mkdtempSync(join(tmpdir(), "portcullis-tokens-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, "token")
    writeFileSync(file, `${value}\n`)
    const { url, pdp } = await withToken({ token: undefined, tokenFile: file })
    const next = { Authorization: "Bearer fedcba9876543210" }
    expect([(await get(url, bearer)).status, (await get(url, next)).status]).toEqual([200, 401])
    writeFileSync(file, `${value}\nfedcba9876543210\n`)
    await expect.poll(async () => (await get(url, next)).status).toBe(200)
    expect((await get(url, bearer)).status).toBe(200)
    const etag = (await get(url, next)).headers.etag
    const held = get(url, { ...bearer, Prefer: "wait=30", "If-None-Match": etag })
    await expect.poll(() => waitingAt(url)).toBe(1)
    writeFileSync(file, "fedcba9876543210\n")
    await expect.poll(async () => (await get(url, bearer)).status).toBe(401)
    pdp.advance(2)
    expect((await held).status).toBe(401)
  })

  it.each([
    [[{ name: "a" }]],
    [[{ name: "a", token: value, tokenFile: "x" }]],
    [[{ name: "a", token: "short" }]],
    [[{ name: "a", tokenFile: "/nowhere/at/all" }]],
    [
      [
        { name: "a", token: value },
        { name: "a", token: `${value}1` },
      ],
    ],
    [[{ name: "a b", token: value }]],
  ])("must make sense: %j", async (tokens) => {
    await expect(testServer({ bundles: { tokens } })).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
  })
})

describe("an unknown bundle", () => {
  it("is not there, and the answer names those that are", async () => {
    const { url } = await testServer()
    const answer = await get(url, {}, { target: "/bundles/other.tar.gz" })
    expect([answer.status, answer.code]).toEqual([404, "not_found"])
    expect((await get(url, {}, { target: "/bundles/authz" })).status).toBe(200)
    expect((await fetch(`${url}/bundles/authz.tar.gz`, { method: "POST" })).headers.get("Allow")).toBe("GET, HEAD")
  })
})
