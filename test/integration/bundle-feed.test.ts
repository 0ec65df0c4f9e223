import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setImmediate as nextTurn } from "node:timers/promises"
import { beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { bundleSigner, generateSigningKey, type SigningKey } from "../../src/bundle/index.js"
import { fedBy, feeder, mayRead, pdpOn, until, viewer } from "../fixtures/feeding.js"
import { listening } from "../fixtures/listening.js"

let key: SigningKey

beforeAll(async () => {
  key = await generateSigningKey("ES256")
})

const signed = () => ({ bundles: { signer: bundleSigner({ privateKeyPem: key.privateKeyPem, scope: "replica" }) } })
const verify = () => ({ keys: { [key.keyId]: { algorithm: key.algorithm, publicKeyPem: key.publicKeyPem } }, scope: "replica" })

const keptFile = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-feed-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, "authz.tar.gz")
}

/** A place that nobody answers at. */
const nowhere = { url: "http://127.0.0.1:1/bundles/authz.tar.gz" }

/** Answers with these bytes, until they are others. */
async function bytesAt(first: Uint8Array) {
  const served = { bytes: first, asked: 0 }
  const server = createServer((_, response) => {
    served.asked++
    response.writeHead(200, { "content-type": "application/gzip" }).end(served.bytes)
  })
  const url = await listening(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `${url}/bundles/authz.tar.gz`, served }
}

describe("one Portcullis feeds another", () => {
  it("decides as the other does, at the revision of the other, and again after each change", async () => {
    const feed = await feeder()
    const pdp = await pdpOn({ bundle: fedBy(feed) })
    expect(pdp.status()).toMatchObject({
      ready: true,
      profile: "hardened",
      bindings: 1,
      bundle: { kind: "portcullis", longPolling: true, fromDisk: false },
    })
    expect(pdp.revision()).toBe(feed.pdp.revision())
    expect(pdp.roles()).toEqual(feed.pdp.roles())
    expect([mayRead(pdp, "ann"), mayRead(pdp, "ben")]).toEqual([true, false])
    feed.source.add(viewer("ben"))
    await feed.pdp.refresh()
    await pdp.atLeast(feed.pdp.revision())
    expect(mayRead(pdp, "ben")).toBe(true)
    feed.source.remove(viewer("ann"))
    await feed.pdp.refresh()
    await pdp.atLeast(feed.pdp.revision())
    expect(mayRead(pdp, "ann")).toBe(false)
  })

  it("sends a change among 20,000 bindings as a delta, and everything to who cannot use one", async () => {
    const feed = await feeder()
    const many = Array.from({ length: 20_000 }, (_, at) => viewer(`p${at}`))
    feed.source.replace([viewer("ann"), ...many])
    await feed.pdp.refresh()
    const [pdp, signedOnly] = await Promise.all([
      pdpOn({ bundle: fedBy(feed) }),
      pdpOn({ bundle: fedBy(feed, { verify: { keys: { [key.keyId]: { algorithm: key.algorithm, publicKeyPem: key.publicKeyPem } } } }) }),
    ])
    expect(signedOnly.status().bundle?.lastError).toMatchObject({ reason: "signature_missing" })
    for (const change of [() => feed.source.add(viewer("ben")), () => feed.source.remove(viewer("ann"))]) {
      change()
      await feed.pdp.refresh()
      await pdp.atLeast(feed.pdp.revision())
    }
    await pdp.refresh()
    expect(pdp.status().bundle).toMatchObject({ type: "delta", revision: feed.pdp.revision() })
    expect(pdp.status().bundle?.bytes).toBeLessThan(1_000)
    expect([mayRead(pdp, "ann"), mayRead(pdp, "ben"), pdp.status().bindings]).toEqual([false, true, 20_001])
    expect([...pdp.snapshot().bindings].map(({ principal }) => principal).sort()).toEqual(["ben", ...many.map(({ principal }) => principal)].sort())
    feed.source.replace([])
    await feed.pdp.refresh()
    await pdp.atLeast(feed.pdp.revision())
    expect(pdp.status().bindings).toBe(0)
  })

  it("asks at once when told to, although the server holds a question back", async () => {
    const feed = await feeder()
    const pdp = await pdpOn({ bundle: fedBy(feed, { longPollSeconds: 3_600 }) })
    await pdp.refresh()
    await pdp.refresh()
    expect(pdp.status().bundle).not.toHaveProperty("lastError")
  })

  it("feeds a third one", async () => {
    const first = await feeder()
    const second = await pdpOn({ bundle: fedBy(first) })
    expect([...second.snapshot().bindings]).toEqual([viewer("ann")])
    expect(second.snapshot().authzData).toEqual(first.pdp.snapshot().authzData)
  })

  it("answers right all through 100 changes of policy and bindings", async () => {
    const feed = await feeder()
    const pdp = await pdpOn({ bundle: fedBy(feed) })
    const question = (id: string) => ({ principal: { id }, method: "GET", path: "/apis/entities/v2/workspaces/ml" })
    let decisions = 0
    let isDone = false
    const revisions = new Set<string>()
    const asking = (async () => {
      for (; !isDone || decisions < 1_000; await nextTurn()) {
        const [ann, ben] = pdp.authorizeMany([question("ann"), question("ben")])
        decisions += 2
        expect(ann?.allowed).not.toBe(ben?.allowed)
        expect(ann?.revision).toBe(ben?.revision)
        revisions.add(ann?.revision ?? "")
      }
    })()
    for (let change = 0; change < 100; change++) {
      feed.source.replace([viewer(change % 2 === 0 ? "ben" : "ann")])
      await feed.pdp.refresh()
      if (change % 10 === 0) await pdp.atLeast(feed.pdp.revision())
    }
    await pdp.atLeast(feed.pdp.revision())
    isDone = true
    await asking
    expect(revisions.size).toBeGreaterThan(5)
  })

  it("goes on while the server is away, and takes what its successor says", async () => {
    const feed = await feeder()
    const pdp = await pdpOn({ bundle: fedBy(feed, { pollSeconds: 0.1 }) })
    await feed.stop()
    await until(pdp, () => pdp.status().bundle?.lastError !== undefined)
    expect(pdp.status()).toMatchObject({ ready: true, bundle: { lastError: { code: "ERR_SOURCE_UNAVAILABLE" } } })
    expect(mayRead(pdp, "ann")).toBe(true)
    const next = await feeder({}, feed.port)
    next.source.replace([viewer("ben")])
    await next.pdp.refresh()
    await until(pdp, () => mayRead(pdp, "ben"))
    expect(mayRead(pdp, "ann")).toBe(false)
    expect(pdp.revision()).toBe(next.pdp.revision())
  })

  it("is not ready before the first bundle, and is then", async () => {
    const feed = await feeder()
    await feed.stop()
    const pdp = await pdpOn({ bundle: fedBy(feed, { pollSeconds: 0.1 }) })
    expect(pdp.status()).toMatchObject({ ready: false, bundle: { lastError: { code: "ERR_SOURCE_UNAVAILABLE" } } })
    expect(() => mayRead(pdp, "ann")).toThrow(expect.objectContaining({ code: "ERR_PDP_NOT_READY" }))
    await feeder({}, feed.port)
    await until(pdp, () => pdp.status().ready)
    expect(mayRead(pdp, "ann")).toBe(true)
  })

  it("reports to the other, which takes it", async () => {
    const feed = await feeder()
    const pdp = await pdpOn({ bundle: fedBy(feed, { statusUrl: `${feed.server.url}/status` }) })
    const failures: unknown[] = []
    pdp.on("refreshFailure", (failure) => failures.push(failure))
    await pdp.refresh()
    await pdp.close()
    expect(failures).toEqual([])
  })

  it("reports what it runs, and what it could not take", async () => {
    const feed = await feeder()
    const fleet = async (): Promise<string> => JSON.stringify(reports)
    const reports: unknown[] = []
    const receiver = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        reports.push(JSON.parse(Buffer.concat(chunks).toString()))
        response.end()
      })
    })
    const statusUrl = await listening(receiver)
    onTestFinished(() => void receiver.close())
    const pdp = await pdpOn({ bundle: fedBy(feed, { statusUrl, labels: { id: "replica-1" } }) })
    const revision = pdp.revision()
    await feed.stop()
    await until(pdp, () => pdp.status().bundle?.lastError !== undefined)
    await pdp.close()
    expect(await fleet()).toContain('"code":"bundle_error"')
    expect(reports).toContainEqual(
      expect.objectContaining({
        labels: expect.objectContaining({ id: "replica-1" }),
        bundles: { authz: expect.objectContaining({ active_revision: revision }) },
      }),
    )
  })
})

describe("a signed bundle", () => {
  it("decides; an altered one does not, and the one before goes on", async () => {
    const feed = await feeder(signed())
    const good = Buffer.from(await (await fetchBundle(feed.url)).arrayBuffer())
    const place = await bytesAt(good)
    const pdp = await pdpOn({ bundle: fedBy(place, { verify: verify(), pollSeconds: 0.05, longPollSeconds: 0 }) })
    expect(pdp.status()).toMatchObject({ ready: true, bundle: { signedBy: key.keyId } })
    const unsigned = await feeder()
    unsigned.source.replace([viewer("eve")])
    await unsigned.pdp.refresh()
    place.served.bytes = Buffer.from(await (await fetchBundle(unsigned.url)).arrayBuffer())
    await until(pdp, () => pdp.status().bundle?.lastError !== undefined)
    expect(pdp.status().bundle?.lastError).toMatchObject({ code: "ERR_BUNDLE_INVALID", reason: "signature_missing" })
    expect([mayRead(pdp, "ann"), mayRead(pdp, "eve")]).toEqual([true, false])
    place.served.bytes = good
    await until(pdp, () => pdp.status().bundle?.lastError === undefined)
  })

  it("is refused without a key to verify it with", async () => {
    const pdp = await pdpOn({ bundle: fedBy(await feeder(signed())) })
    expect(pdp.status()).toMatchObject({ ready: false, bundle: { lastError: { code: "ERR_BUNDLE_INVALID", reason: "verification_key_missing" } } })
  })
})

describe("the bundle on disk", () => {
  it("is the last good one as it came, for its owner, and decides while the server is away", async () => {
    const persistFile = keptFile()
    const feed = await feeder(signed())
    const before = await pdpOn({ bundle: fedBy(feed, { verify: verify(), persistFile }) })
    const revision = before.revision()
    await before.close()
    expect(readFileSync(persistFile).equals(Buffer.from(await (await fetchBundle(feed.url)).arrayBuffer()))).toBe(true)
    expect(statSync(persistFile).mode & 0o777).toBe(0o600)
    await feed.stop()
    const pdp = await pdpOn({ bundle: fedBy(nowhere, { verify: verify(), persistFile }) })
    expect(pdp.status()).toMatchObject({ ready: true, revision, bundle: { fromDisk: true, lastError: { code: "ERR_SOURCE_UNAVAILABLE" } } })
    expect(mayRead(pdp, "ann")).toBe(true)
  })

  it("is verified again: whoever can write there cannot decide", async () => {
    const persistFile = keptFile()
    const eves = await feeder()
    writeFileSync(persistFile, Buffer.from(await (await fetchBundle(eves.url)).arrayBuffer()))
    const pdp = await pdpOn({ bundle: fedBy(nowhere, { verify: verify(), persistFile }) })
    expect(pdp.status().ready).toBe(false)
  })

  it("is written again when somebody has removed it", async () => {
    const persistFile = keptFile()
    const pdp = await pdpOn({ bundle: fedBy(await feeder(), { persistFile, longPollSeconds: 0 }) })
    rmSync(persistFile)
    await pdp.refresh()
    await pdp.refresh()
    expect(statSync(persistFile).size).toBe(pdp.status().bundle?.bytes)
  })

  it("is too old at some time", async () => {
    const persistFile = keptFile()
    const before = await pdpOn({ bundle: fedBy(await feeder(), { persistFile }) })
    await before.close()
    const hooks = { now: () => Date.now() + 3_600_000 }
    const pdp = await pdpOn({ bundle: fedBy(nowhere, { persistFile, hooks }), maxStalenessSeconds: 60 })
    expect(() => mayRead(pdp, "ann")).toThrow(expect.objectContaining({ code: "ERR_PDP_STALE" }))
  })
})

function fetchBundle(url: string): Promise<Response> {
  return fetch(url, { headers: { authorization: "Bearer a-bundle-token-that-is-long-enough-for-everybody" } })
}
