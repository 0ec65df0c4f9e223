import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { PassThrough, Writable } from "node:stream"
import { describe, expect, it } from "vitest"
import { consoleSink, fileSink } from "../../../src/decision-log/index.js"
import { temporaryFolder } from "../../fixtures/doors.js"

const none = new AbortController().signal
const lines = (path: string): readonly string[] => readFileSync(path, "utf8").split("\n").slice(0, -1)
const text = (at: number): string => JSON.stringify({ at, filling: "x".repeat(300) })

describe("a file", () => {
  it("is readable by its owner only, and appended to", async () => {
    const path = join(temporaryFolder(), "decisions.log")
    for (const at of [1, 2]) {
      const sink = fileSink({ path })
      await sink.write([text(at), text(at + 10)])
      await sink.close(none)
    }
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(lines(path)).toEqual([text(1), text(11), text(2), text(12)])
  })

  it("is rotated by size, and so many are kept", async () => {
    const folder = temporaryFolder()
    const path = join(folder, "decisions.log")
    const sink = fileSink({ path, maxBytes: 1_024, maxFiles: 3 })
    for (let at = 0; at < 20; at++) await sink.write([text(at)])
    await sink.close(none)
    expect(readdirSync(folder).toSorted()).toEqual(["decisions.log", "decisions.log.1", "decisions.log.2"])
    const kept = [`${path}.2`, `${path}.1`, path].flatMap(lines)
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, at) => text(20 - kept.length + at)))
    expect(statSync(`${path}.1`).size).toBeLessThan(1_024 + 400)
  })

  it("of which one is kept begins anew", async () => {
    const folder = temporaryFolder()
    const sink = fileSink({ path: join(folder, "d"), maxBytes: 1_024, maxFiles: 1 })
    for (let at = 0; at < 5; at++) await sink.write([text(at)])
    expect(readdirSync(folder)).toEqual(["d"])
    expect(lines(join(folder, "d"))).toEqual([text(4)])
    await sink.close(none)
  })

  it("that somebody else moved away, replaced or removed is begun anew", async () => {
    const path = join(temporaryFolder(), "d")
    const sink = fileSink({ path })
    await sink.write([text(1)])
    renameSync(path, `${path}.moved`)
    await sink.write([text(2)])
    expect([lines(`${path}.moved`), lines(path)]).toEqual([[text(1)], [text(2)]])
    rmSync(path)
    await sink.write([text(3)])
    expect(lines(path)).toEqual([text(3)])
    await sink.close(none)
  })

  it("whose last line was cut off by a kill goes on with a line of its own", async () => {
    const path = join(temporaryFolder(), "d")
    writeFileSync(path, `${text(1)}\n{"half`)
    const sink = fileSink({ path })
    await sink.write([text(2)])
    await sink.close(none)
    expect(lines(path)).toEqual([text(1), '{"half', text(2)])
  })

  it("in a folder that is not there is an error each time, and is written once the folder is", async () => {
    const folder = join(temporaryFolder(), "later")
    const sink = fileSink({ path: join(folder, "d") })
    await expect(sink.write([text(1)])).rejects.toThrow()
    await expect(sink.write([text(1)])).rejects.toThrow()
    mkdirSync(folder)
    await sink.write([text(1)])
    await sink.close(none)
    expect(lines(join(folder, "d"))).toEqual([text(1)])
  })

  it.skipIf(!existsSync("/dev/full"))("on a full disk is an error, and goes on when there is room", async () => {
    const path = join(temporaryFolder(), "d")
    symlinkSync("/dev/full", path)
    const sink = fileSink({ path })
    await expect(sink.write([text(1)])).rejects.toMatchObject({ code: "ENOSPC" })
    rmSync(path)
    await sink.write([text(1)])
    await sink.close(none)
    expect(lines(path)).toEqual([text(1)])
  })

  it("keeps the rights that somebody gave it", async () => {
    const path = join(temporaryFolder(), "d")
    appendFileSync(path, "")
    chmodSync(path, 0o640)
    const sink = fileSink({ path })
    await sink.write([text(1)])
    await sink.close(none)
    expect(statSync(path).mode & 0o777).toBe(0o640)
  })
})

describe("the console", () => {
  it("gets a line for each event", async () => {
    const stream = new PassThrough()
    await consoleSink(stream).write(["1", "2"])
    expect(String(stream.read())).toBe("1\n2\n")
  })

  it("that takes nothing makes the write wait, and one that is gone makes it fail", async () => {
    let take = (): void => undefined
    const slow = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => (take = done) })
    const sink = consoleSink(slow)
    let written = false
    const writing = sink.write(["1"]).then(() => (written = true))
    await Promise.resolve()
    expect(written).toBe(false)
    take()
    await writing
    const gone = new Writable({ write: (_chunk, _encoding, done) => done(new Error("EPIPE")) })
    await expect(consoleSink(gone).write(["1"])).rejects.toThrow("EPIPE")
  })
})
