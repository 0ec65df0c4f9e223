import { spawnSync } from "node:child_process"
import { lstat, mkdir, mkdtemp, readFile, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { beforeEach, describe, expect, it, onTestFinished } from "vitest"
import { credentialStore } from "../../../src/login/index.js"

const start = Date.now()
let folder: string
let lock: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portcullis-lock-"))
  lock = join(folder, "credentials.lock")
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

/** A store whose clock only pauses move. */
function waiting() {
  const pauses: number[] = []
  let time = start
  const pause = async (ms: number) => {
    pauses.push(ms)
    time += ms
  }
  return { pauses, store: credentialStore(folder, { hooks: { now: () => time, pause } }) }
}

const owner = (more: object = {}): string => JSON.stringify({ pid: process.pid, host: hostname(), startedAt: start, id: "0123456789abcdef", ...more })
const { pid: deadPid } = spawnSync(process.execPath, ["--version"])

describe("the lock of the store", () => {
  it("is held by one at a time, also of several stores and many at once", async () => {
    let inside = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside--
    }
    await Promise.all(Array.from({ length: 12 }, () => credentialStore(folder).locked(work)))
    expect(most).toBe(1)
    expect(await readdir(folder)).toEqual([])
  })

  it("names its owner while it is held", async () => {
    await credentialStore(folder).locked(async () => {
      expect(JSON.parse(await readFile(lock, "utf8"))).toMatchObject({ pid: process.pid, host: hostname(), startedAt: expect.any(Number) })
    })
  })

  it("is given back when the work fails, and the failure passes through", async () => {
    const { store, pauses } = waiting()
    const failure = new Error("work")
    await expect(store.locked(() => Promise.reject(failure))).rejects.toBe(failure)
    expect(await store.locked(async () => "done")).toBe("done")
    expect(pauses).toEqual([])
  })

  it("does not stop work that already holds it", async () => {
    const { store, pauses } = waiting()
    expect(await store.locked(() => store.locked(async () => "done"))).toBe("done")
    expect(pauses).toEqual([])
  })

  it("is waited for, 30 seconds at most, in short pauses; then the error names file and process", async () => {
    await writeFile(lock, owner())
    const { store, pauses } = waiting()
    await expect(store.locked(async () => undefined)).rejects.toMatchObject({
      code: "ERR_SOURCE_UNAVAILABLE",
      message: expect.stringMatching(new RegExp(`credentials\\.lock .*process ${process.pid} `)),
    })
    expect(Math.max(...pauses)).toBeLessThanOrEqual(100)
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(30_000)
    expect(await readFile(lock, "utf8")).toBe(owner())
  })

  it.each([
    ["a process that is dead", () => owner({ pid: deadPid })],
    ["a process of more than a minute ago", () => owner({ startedAt: start - 60_001 })],
    ["another machine's process of more than a minute ago", () => owner({ host: "other", startedAt: start - 60_001 })],
    ["a process of the future", () => owner({ startedAt: start + 60_001 })],
  ])("of %s is taken over, by one of many", async (_, content) => {
    await writeFile(lock, content())
    let inside = 0
    const work = async () => {
      expect(++inside).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      inside--
    }
    await Promise.all(Array.from({ length: 12 }, () => credentialStore(folder, { hooks: { now: () => start } }).locked(work)))
    expect(await readdir(folder)).toEqual([])
  })

  it.each([
    ["another machine's process", () => owner({ host: "other", pid: deadPid })],
    ["a process that lives", () => owner()],
  ])("of %s is not taken over", async (_, content) => {
    await writeFile(lock, content())
    await expect(waiting().store.locked(async () => undefined)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    expect(await readFile(lock, "utf8")).toBe(content())
  })

  it.each([
    ["nothing", ""],
    ["nobody's name", '{"pid":1}'],
  ])("that says %s is taken over within seconds: who made it was killed", async (_, content) => {
    await writeFile(lock, content)
    await utimes(lock, new Date(start), new Date(start))
    const { store, pauses } = waiting()
    expect(await store.locked(async () => "done")).toBe("done")
    const waited = pauses.reduce((sum, ms) => sum + ms, 0)
    expect([waited > 1_000, waited < 3_000]).toEqual([true, true])
  })

  it("that somebody is taking over is left to them", async () => {
    const claim = `${lock}.0123456789abcdef.claim`
    await writeFile(lock, owner({ pid: deadPid }))
    await writeFile(claim, owner({ id: "00000000000000aa" }))
    await expect(waiting().store.locked(async () => undefined)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
  })

  it.each([1, 2, 3])("that was being taken over by those who were killed, %i of them, is taken over at once, by one of many", async (killed) => {
    let place = lock
    for (let at = 0; at <= killed; at++) {
      const id = `00000000000000a${at}`
      await writeFile(place, owner({ pid: deadPid, id }))
      place = `${place}.${id}.claim`
    }
    let inside = 0
    const work = async () => {
      expect(++inside).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      inside--
    }
    const { store, pauses } = waiting()
    await store.locked(work)
    expect(pauses.length).toBeLessThanOrEqual(killed)
    await Promise.all(Array.from({ length: 12 }, () => credentialStore(folder).locked(work)))
  })

  it("is nobody's before it names its owner, also while it is being made", async () => {
    const seen: string[] = []
    await Promise.all(Array.from({ length: 12 }, () => credentialStore(folder).locked(async () => void seen.push(await readFile(lock, "utf8")))))
    expect(seen.every((text) => text.startsWith("{"))).toBe(true)
  })

  it.each(["nowhere", "here"])("that is a link to what is %s is refused at once, and left", async (target) => {
    await writeFile(join(folder, "here"), owner())
    await symlink(join(folder, target), lock)
    const { store, pauses } = waiting()
    await expect(store.locked(async () => undefined)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    expect([pauses, (await lstat(lock)).isSymbolicLink()]).toEqual([[], true])
    expect((await readdir(folder)).toSorted()).toEqual(["credentials.lock", "here"])
  })

  it("sweeps away what killed processes left beside it a minute ago, and nothing else", async () => {
    const left = ["credentials.lock.1.claim", "credentials.lock.2.new", "credentials.lock.3.claim", "credentials.lock.txt", "x.claim"]
    for (const name of left) {
      await writeFile(join(folder, name), "")
      if (!name.includes("3")) await utimes(join(folder, name), new Date(start - 120_000), new Date(start - 120_000))
    }
    await credentialStore(folder).locked(async () => undefined)
    expect((await readdir(folder)).toSorted()).toEqual(["credentials.lock.3.claim", "credentials.lock.txt", "x.claim"])
  })

  it("of somebody else is not given back by one who has lost it", async () => {
    const { store } = waiting()
    await store.locked(() => writeFile(lock, owner()))
    expect(await readFile(lock, "utf8")).toBe(owner())
  })

  it("that cannot be made or read is an error, not a free way", async () => {
    await mkdir(lock)
    await expect(credentialStore(folder).locked(async () => undefined)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    await expect(credentialStore(join(folder, "\0")).locked(async () => undefined)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
  })
})
