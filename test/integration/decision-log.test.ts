import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createServer } from "node:http"
import { setImmediate as nextTurn } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { gunzipSync, gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { createDecisionLog, decisionLogOf, DecisionLogConfig, httpSink, type HttpSinkOptions, type Sink } from "../../src/decision-log/index.js"
import { temporaryFolder } from "../fixtures/doors.js"
import { freePort } from "../fixtures/free-port.js"
import { logReceiver } from "../fixtures/log-receiver.js"

const root = fileURLToPath(new URL("../../", import.meta.url))
const texts = (count: number, from = 0): readonly string[] =>
  Array.from({ length: count }, (_, at) => JSON.stringify({ at: from + at, path: "authz/allow" }))
const ats = (events: readonly Record<string, unknown>[]): readonly unknown[] => events.map(({ at }) => at)
const upTo = (count: number, from = 0): readonly number[] => Array.from({ length: count }, (_, at) => from + at)
const soon = (ms = 5_000): AbortSignal => AbortSignal.timeout(ms)
const sinkTo = (url: string, options: Partial<HttpSinkOptions> = {}): Sink =>
  httpSink({ url, minDelaySeconds: 0.01, maxDelaySeconds: 0.1, ...options })
/** Writes of one hundred at a time: a chunk is cut at the latest after each. */
async function writeAll(sink: Sink, count: number): Promise<void> {
  for (let from = 0; from < count; from += 100) await sink.write(texts(Math.min(100, count - from), from))
}

describe("uploads", () => {
  it("are OPA's: gzipped arrays to /logs/{partition}, with the token of the moment, none above the limit", async () => {
    const receiver = await logReceiver()
    const tokenFile = join(temporaryFolder(), "token")
    writeFileSync(tokenFile, "first\n")
    const sink = sinkTo(`${receiver.url}/base/`, { partition: "west/1", tokenFile, uploadSizeLimitBytes: 1_024 })
    await sink.write(texts(1))
    await receiver.until(() => receiver.uploads.length === 1)
    writeFileSync(tokenFile, "second\n")
    await writeAll(sink, 3_000)
    await sink.close(soon())
    const [first, ...rest] = receiver.uploads
    expect(first).toMatchObject({
      target: "/base/logs/west/1",
      headers: { authorization: "Bearer first", "content-encoding": "gzip", "content-type": "application/json" },
    })
    expect(new Set(rest.map(({ headers }) => headers.authorization))).toEqual(new Set(["Bearer second"]))
    expect(Math.max(...rest.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(1_024)
    expect(ats(receiver.taken())).toEqual([0, ...upTo(3_000)])
    expect(sink.held?.()).toMatchObject({ events: 0, bytes: 0, written: 3_001, failures: 0 })
  })

  it("come again after 500, 429 and cut connections, in order, and nothing is lost", async () => {
    const answers = [500, 500, 429, 503, 401]
    const receiver = await logReceiver(() => answers.shift() ?? 200)
    const sink = sinkTo(receiver.url, { uploadSizeLimitBytes: 1_024 })
    await writeAll(sink, 2_000)
    await sink.close(soon())
    expect(ats(receiver.taken())).toEqual(upTo(2_000))
    expect(sink.held?.()).toMatchObject({ written: 2_000, failures: 5 })
  })

  it("to a server that never answers end in time, do not hold up the others, and are counted", async () => {
    const receiver = await logReceiver(() => 0)
    const good = await logReceiver()
    const slow = sinkTo(receiver.url, { timeoutSeconds: 0.1 })
    const log = createDecisionLog({ sinks: [slow, sinkTo(good.url)] })
    const recorder = log.recorder({ explain: () => undefined, evaluate: () => undefined, revision: () => "a" })
    for (let at = 0; at < 500; at++)
      recorder.question(
        { principal: { id: "p" }, method: "GET", path: `/${at}` },
        { path: "authz/allow", allowed: true, revision: "a", startedAt: recorder.clock() },
      )
    await good.until(() => good.taken().length === 500)
    await receiver.until(() => receiver.uploads.length > 1)
    await log.close(300)
    const [one, two] = log.status().sinks
    expect(one).toMatchObject({ written: 0, dropped: { closed: 500 } })
    expect(one?.failing).toContain("has not answered")
    expect(two).toMatchObject({ written: 500, dropped: { closed: 0 } })
  })

  it("that are too large for the server are halved; one event that is, is dropped and counted", async () => {
    const receiver = await logReceiver(({ events }) => (events.length > 3 || events.some(({ at }) => at === 7) ? 413 : 200))
    const sink = sinkTo(receiver.url)
    await sink.write(texts(20))
    await sink.close(soon())
    expect(ats(receiver.taken())).toEqual(upTo(20).filter((at) => at !== 7))
    expect(sink.held?.()).toMatchObject({ written: 19, dropped: { too_large: 1 } })
  })

  it("that the server does not understand are dropped after five attempts, and the others go on", async () => {
    const receiver = await logReceiver(({ events }) => (events.some(({ at }) => at === 0) ? 400 : 200))
    const sink = sinkTo(receiver.url, { spool: join(temporaryFolder(), "spool") })
    await sink.write(texts(10))
    await receiver.until(() => receiver.uploads.length === 5)
    await sink.write(texts(10, 10))
    await receiver.until(() => receiver.taken().length === 10)
    await sink.close(soon())
    expect(ats(receiver.taken())).toEqual(upTo(10, 10))
    expect(sink.held?.()).toMatchObject({ dropped: { refused: 10 } })
  })

  it("go to https or this machine only", () => {
    expect(() => httpSink({ url: "http://logs.example" })).toThrowError(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
    expect(() => httpSink({ url: "http://127.0.0.1:1", partition: "../x?y" })).toThrowError(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })
})

describe("the spool", () => {
  it("keeps what a server that is away has not taken, bounded and private, and gives it after a restart", async () => {
    const port = await freePort()
    const spool = join(temporaryFolder(), "spool")
    const first = sinkTo(`http://127.0.0.1:${port}`, { spool, uploadSizeLimitBytes: 1_024 })
    await writeAll(first, 1_000)
    await first.close(soon())
    expect(first.held?.()).toMatchObject({ written: 0, dropped: { closed: 0 } })
    expect(statSync(spool).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(spool)) expect(statSync(join(spool, name)).mode & 0o777).toBe(0o600)
    const receiver = await logReceiver(undefined, port)
    const second = sinkTo(receiver.url, { spool, uploadSizeLimitBytes: 1_024 })
    await second.write(texts(10, 1_000))
    await second.close(soon())
    expect(ats(receiver.taken())).toEqual(upTo(1_010))
    expect(readdirSync(spool)).toEqual([])
  })

  it("drops the oldest beyond its bound, and counts their events", async () => {
    const spool = join(temporaryFolder(), "spool")
    const sink = sinkTo(`http://127.0.0.1:${await freePort()}`, { spool, spoolBytes: 65_536, uploadSizeLimitBytes: 8_192 })
    for (let at = 0; at < 40_000; at += 500) await sink.write(texts(500, at * 7_919))
    await sink.close(soon())
    const kept = readdirSync(spool).toSorted()
    const bytes = kept.reduce((sum, name) => sum + statSync(join(spool, name)).size, 0)
    expect(bytes).toBeLessThanOrEqual(65_536)
    const events = kept.flatMap((name): readonly unknown[] => JSON.parse(gunzipSync(readFileSync(join(spool, name))).toString()))
    const dropped = sink.held?.().dropped.spool_full ?? 0
    expect(dropped).toBeGreaterThan(0)
    expect(events.length + dropped).toBe(40_000)
  })

  it("whose folder has gone keeps chunks in memory, says so, and loses nothing", async () => {
    const spool = join(temporaryFolder(), "spool")
    const port = await freePort()
    const sink = sinkTo(`http://127.0.0.1:${port}`, { spool })
    rmSync(spool, { recursive: true })
    await writeAll(sink, 200)
    while (sink.held?.().failures === 0) await nextTurn()
    const receiver = await logReceiver(undefined, port)
    mkdirSync(spool)
    await sink.close(soon())
    expect(ats(receiver.taken())).toEqual(upTo(200))
    expect(sink.held?.().failures).toBeGreaterThan(0)
  })

  it("goes on after chunks that are none, and that cannot be read, and counts them", async () => {
    const spool = temporaryFolder()
    writeFileSync(join(spool, "000000000001-7.json.gz"), "no chunk")
    mkdirSync(join(spool, "000000000002-5.json.gz"))
    writeFileSync(join(spool, "000000000003-3.json.gz"), gzipSync("{}"))
    const taken: unknown[] = []
    const server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on("data", (part: Buffer) => parts.push(part))
      request.on("end", () => {
        const body = Buffer.concat(parts)
        const isChunk = body[0] === 0x1f && gunzipSync(body)[0] === 0x5b
        if (isChunk) taken.push(...ats(JSON.parse(gunzipSync(body).toString())))
        response.writeHead(isChunk ? 200 : 413).end()
      })
    }).listen(await freePort(), "127.0.0.1")
    await once(server, "listening")
    const address = server.address()
    const sink = sinkTo(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`, { spool })
    await sink.write(texts(10))
    await sink.close(soon())
    server.close()
    expect(taken).toEqual(upTo(10))
    expect(sink.held?.()).toMatchObject({ events: 0, written: 10, dropped: { invalid: 15 }, failures: 3 })
    expect(readdirSync(spool)).toEqual(["000000000002-5.json.gz"])
  })

  it("cannot be a file", () => {
    const path = join(temporaryFolder(), "file")
    writeFileSync(path, "")
    expect(() => httpSink({ url: "http://127.0.0.1:1", spool: path })).toThrowError(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })

  it("gives all that it held when its process is killed, and no half of a chunk", async () => {
    const port = await freePort()
    const spool = join(temporaryFolder(), "spool")
    const held = new Set<string>()
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, ["test/fixtures/decision-logger.mjs", `http://127.0.0.1:${port}`, spool], {
        cwd: root,
        stdio: ["ignore", "pipe", "inherit"],
      })
      const exited = once(child, "exit")
      for (let lines = 0; lines < 10 + 7 * round; lines++) await once(child.stdout, "data")
      const before = readdirSync(spool).filter((name) => name.endsWith(".gz"))
      child.kill("SIGKILL")
      await exited
      for (const name of before) held.add(name)
      expect(readdirSync(spool)).toEqual(expect.arrayContaining(before))
    }
    expect(held.size).toBeGreaterThan(4)
    const names = readdirSync(spool).filter((name) => name.endsWith(".gz"))
    const ids = names.flatMap((name) =>
      JSON.parse(gunzipSync(readFileSync(join(spool, name))).toString()).map((event: Record<string, unknown>) => event["decision_id"]),
    )
    const receiver = await logReceiver(undefined, port)
    const sink = sinkTo(receiver.url, { spool })
    await sink.close(soon())
    expect(new Set(receiver.taken().map(({ decision_id }) => decision_id))).toEqual(new Set(ids))
    expect(readdirSync(spool)).toEqual([])
  })
})

describe("a configuration", () => {
  const file = {}
  const config = (given: object): DecisionLogConfig => DecisionLogConfig.parse({ file, http: {}, intake: {}, ...given })

  it("without a sink makes no log", () => {
    expect(decisionLogOf(config({}))).toBeUndefined()
  })

  it("names sinks, masks and filters, and writes out at the end", async () => {
    const folder = temporaryFolder()
    const receiver = await logReceiver()
    const path = join(folder, "d.log")
    writeFileSync(join(folder, "key"), "0123456789abcdef0123456789abcdef\n")
    const made = decisionLogOf(
      config({
        file: { path },
        http: { url: receiver.url, spool: join(folder, "spool") },
        mask_principal: "hash",
        mask_principal_key_file: join(folder, "key"),
        mask: ["/input/method"],
        drop: [{ path: "/health" }],
      }),
    )
    if (!made) throw new Error("no log")
    const recorder = made.log.recorder({ explain: () => undefined, evaluate: () => undefined, revision: () => "a" })
    for (const path of ["/health", "/x"])
      recorder.question(
        { principal: { id: "ann" }, method: "GET", path },
        { path: "authz/allow", allowed: true, revision: "a", startedAt: recorder.clock() },
      )
    await made.close()
    const [line = ""] = readFileSync(path, "utf8").split("\n")
    expect(JSON.parse(line)).toEqual(receiver.taken()[0])
    expect(receiver.taken()).toMatchObject([{ input: { path: "/x", principal_id: expect.stringMatching(/^sha256:/) }, erased: ["/input/method"] }])
  })

  it("with a key that is too short, or none, is refused", () => {
    const path = join(temporaryFolder(), "key")
    const short = config({ console: true, mask_principal_key_file: path })
    expect(() => decisionLogOf(short)).toThrowError(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
    writeFileSync(path, "short")
    expect(() => decisionLogOf(short)).toThrowError(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })
})
