import { describe, expect, it } from "vitest"
import type { Timers } from "../../../src/model/timers.js"
import {
  ann,
  answering,
  bindingsIn,
  bindingsOf,
  gate,
  json,
  line,
  many,
  manyCount,
  ndjson,
  on,
  open,
  readAll,
  served,
  servedRaw,
  unavailable,
} from "./served-source.js"

describe("the HTTP source reads", () => {
  it.each([
    ["application/json", "bindings", json],
    ["application/json; charset=UTF-8", "bindings", `\ufeff${json}`],
    ["Application/JSON", "bindings.ndjson", json],
    ["application/x-ndjson", "bindings", line],
    ["application/ndjson", "bindings.json", line],
    ['application/jsonl;charset="utf-8"', "bindings", `\n${line}\r\n`],
    ["text/plain; charset=utf-8", "bindings.json", json],
    ["application/octet-stream", "bindings.JSONL?token=x#y", line],
    ["binary/octet-stream", "a/b/bindings.ndjson", line],
  ])("%s at %s", async (type, path, body) => {
    expect(await bindingsIn(await answering({ "content-type": type }, body, path))).toEqual([ann])
  })

  it("by the URL's ending when there is no Content-Type", async () => {
    expect(await bindingsIn(await answering({}, line, "bindings.ndjson"))).toEqual([ann])
  })

  it("no bindings when the answer says so", async () => {
    expect(await bindingsIn(await answering(ndjson, '{"version":1,"bindings":0}\n'))).toEqual([])
  })

  it("expiries", async () => {
    const binding = { ...ann, expires_at: "2030-01-31T12:00:00Z" }
    expect(await bindingsIn(await answering(ndjson, `${JSON.stringify(binding)}\n`))).toEqual([binding])
  })

  it("lines beyond what is read ahead, as they arrive, and asks again next time", async () => {
    const answer = await answering(ndjson, many)
    const first = await answer.source.read(undefined, open)
    expect(await bindingsOf(first)).toHaveLength(manyCount)
    expect(await readAll(answer, "position" in first ? first.position : undefined)).toMatchObject({ kind: "snapshot" })
  })

  it("on a host that is called localhost", async () => {
    const { server } = await answering(ndjson, line)
    const resolve = async () => [{ address: "127.0.0.1", family: 4 }]
    expect(await bindingsIn(on(server, "", { url: server.origin.replace("127.0.0.1", "localhost"), resolve }))).toEqual([ann])
  })

  it("with the headers it was given, its own, and the URL's name and password", async () => {
    const { server } = await answering(ndjson, line)
    const url = server.origin.replace("//", "//bob:s%40cret@")
    expect(await bindingsIn(on(server, "", { url, headers: { "X-Api-Key": "key" } }))).toEqual([ann])
    expect(server.asked).toMatchObject([
      {
        authorization: `Basic ${btoa("bob:s@cret")}`,
        "x-api-key": "key",
        "accept-encoding": "identity",
        connection: "close",
        "user-agent": "portcullis",
      },
    ])
  })

  it("with headers that change", async () => {
    let count = 0
    const answer = await served((_, response) => response.writeHead(200, ndjson).end(line), "", {
      headers: async () => ({ authorization: `Bearer ${++count}` }),
    })
    await bindingsIn(answer)
    await bindingsIn(answer)
    expect(answer.server.asked.map(({ authorization }) => authorization)).toEqual(["Bearer 1", "Bearer 2"])
  })
})

describe("the HTTP source asks only for news", () => {
  it.each(['"v1"', 'W/"v1"', '""', '"ü"'])("with the entity tag %s", async (etag) => {
    const answer = await served(({ headers }, response) =>
      headers["if-none-match"] === undefined ? response.writeHead(200, { ...ndjson, etag }).end(line) : response.writeHead(304, { etag }).end(),
    )
    const { position } = await readAll(answer)
    expect(await readAll(answer, position)).toEqual({ kind: "unchanged", position })
    expect(answer.server.asked.map((headers) => headers["if-none-match"])).toEqual([undefined, etag])
  })

  it.each([
    ["a date that is long ago", "Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:09 GMT", "Thu, 01 Jan 2026 00:00:00 GMT"],
    ["no date of the last seconds", "Thu, 01 Jan 2026 00:00:08 GMT", "Thu, 01 Jan 2026 00:00:09 GMT", undefined],
    ["no date that is none", "yesterday", "Thu, 01 Jan 2026 00:00:09 GMT", undefined],
  ])("with %s", async (_, modified, date, condition) => {
    const answer = await answering({ ...ndjson, "last-modified": modified, date }, line)
    const { position } = await readAll(answer)
    await readAll(answer, position)
    expect(answer.server.asked.map((headers) => headers["if-modified-since"])).toEqual([undefined, condition])
  })

  it("with the entity tag alone when there is a date, too", async () => {
    const answer = await answering({ ...ndjson, etag: '"v1"', "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT" }, line)
    await readAll(answer, (await readAll(answer)).position)
    expect(answer.server.asked[1]).toMatchObject({ "if-none-match": '"v1"' })
    expect(answer.server.asked[1]).not.toHaveProperty("if-modified-since")
  })

  it.each(["v1", '"a"b"', "*"])("with no entity tag that is none: %s", async (etag) => {
    const answer = await answering({ ...ndjson, etag }, line)
    const { position } = await readAll(answer)
    expect(await readAll(answer, position)).toEqual({ kind: "unchanged", position })
    expect(answer.server.asked[1]).not.toHaveProperty("if-none-match")
  })

  it("and takes the same content for unchanged when the entity tag is another one", async () => {
    let version = 0
    const answer = await served((_, response) => response.writeHead(200, { ...ndjson, etag: `"${++version}"` }).end(line))
    const { position } = await readAll(answer)
    expect(await readAll(answer, position)).toEqual({ kind: "unchanged", position })
    await readAll(answer, position)
    expect(answer.server.asked.map((headers) => headers["if-none-match"])).toEqual([undefined, '"1"', '"2"'])
  })

  it("for each of several readers that stand at the same place", async () => {
    const answer = await answering(ndjson, line)
    const first = await readAll(answer)
    const second = await readAll(answer)
    expect(await readAll(answer, first.position)).toMatchObject({ kind: "unchanged" })
    expect(await readAll(answer, second.position)).toMatchObject({ kind: "unchanged" })
  })

  it("without a condition after pages that were abandoned or refused", async () => {
    const answer = await answering({ ...ndjson, etag: '"v1"' }, `${line}{}\n`)
    const read = await answer.source.read(undefined, open)
    await expect(bindingsOf(read)).rejects.toMatchObject(unavailable)
    await answer.source.read("position" in read ? read.position : undefined, open)
    expect(answer.server.asked[1]).not.toHaveProperty("if-none-match")
  })
})

describe("the HTTP source waits", () => {
  it("for the head as long as it was told, five seconds by default", async () => {
    const waits: number[] = []
    const timers = {
      after: (ms: number, run: () => void) => {
        waits.push(ms)
        queueMicrotask(run)
        return () => undefined
      },
    }
    const silent = () => undefined
    await expect(bindingsIn(await servedRaw(silent, "", { timers }))).rejects.toThrow("5000 ms")
    await expect(bindingsIn(await servedRaw(silent, "", { timers, timeoutMs: 70 }))).rejects.toThrow("70 ms")
    expect(waits).toEqual([5_000, 70])
  })

  it("for the end of the head, however slowly it comes", async () => {
    const timers = new HeldTimers()
    const answer = await servedRaw(
      (socket) => {
        socket.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: y", () => timers.waits[0]?.())
      },
      "",
      { timers },
    )
    await expect(bindingsIn(answer)).rejects.toMatchObject(unavailable)
  })

  it("for each 64 KiB of the body, so that a trickle does not hold it", async () => {
    const timers = new HeldTimers()
    const answer = await served(
      (_, response) => {
        response.writeHead(200, ndjson)
        for (let count = 0; count < 10; count++) response.write(line)
      },
      "",
      { timers },
    )
    const reading = bindingsIn(answer)
    await timers.begun(2)
    timers.waits[1]?.()
    await expect(reading).rejects.toMatchObject(unavailable)
    await expect(reading).rejects.toThrow("65536 bytes")
    expect(timers.waits).toHaveLength(2)
  })

  it("for a reader as long as that takes", async () => {
    const timers = new HeldTimers()
    const answer = await served((_, response) => response.writeHead(200, ndjson).end(many), "", { timers })
    const read = await answer.source.read(undefined, open)
    timers.waits.forEach((ring) => ring())
    expect(await bindingsOf(read)).toHaveLength(manyCount)
  })

  it("no longer than the reader: an abort ends the request before and after the head", async () => {
    for (const head of [false, true]) {
      const asked = gate()
      const gone = gate()
      const answer = await served((_, response) => {
        response.on("close", gone.open)
        if (head) response.writeHead(200, ndjson).write(line)
        asked.open()
      })
      const abort = new AbortController()
      const reading = bindingsIn(answer, abort.signal)
      await asked.opened
      abort.abort()
      await expect(reading).rejects.toMatchObject(unavailable)
      await expect(reading).rejects.toThrow("aborted")
      await gone.opened
    }
  })

  it("no longer than it is open: closing ends the request", async () => {
    const gone = gate()
    const asked = gate()
    const answer = await served((_, response) => {
      response.on("close", gone.open)
      asked.open()
    })
    const reading = bindingsIn(answer)
    await asked.opened
    await answer.source.close()
    await expect(reading).rejects.toMatchObject({ code: "ERR_CLOSED" })
    await gone.opened
  })

  it("no longer than the pages are wanted: abandoning them ends the request", async () => {
    const gone = gate()
    const answer = await served((_, response) => {
      response.writeHead(200, ndjson).on("close", gone.open)
      response.write(many)
    })
    const read = await answer.source.read(undefined, open)
    if (read.kind === "snapshot") for await (const _ of read.pages) break
    await gone.opened
  })
})

/** Timers that never ring by themselves. */
class HeldTimers implements Timers {
  readonly waits: (() => void)[] = []
  #onWait: () => void = () => undefined

  after(_ms: number, run: () => void): () => void {
    const at = this.waits.push(run) - 1
    this.#onWait()
    return () => {
      this.waits[at] = () => undefined
    }
  }

  /** Resolves when that many waits have begun. */
  async begun(count: number): Promise<void> {
    while (this.waits.length < count) await new Promise<void>((resolve) => (this.#onWait = resolve))
  }
}
