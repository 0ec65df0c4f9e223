import { mkdtemp, open as openFile, readdir, readFile, rm, stat, utimes, writeFile, type FileHandle } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { RoleBinding, RoleBindingChange } from "../../../src/model/role-binding.js"
import { confirmSnapshot, readSnapshot, writeSnapshot, type LoadedSnapshot } from "../../../src/source/index.js"
import { roleBindingStore, type RoleBindingStore } from "../../../src/store/index.js"
import { header, manyBindings, open, stateOf, storeOf, written } from "./snapshot-world.js"

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portcullis-snapshot-"))
  path = join(folder, "bindings.snapshot")
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

const ann: RoleBinding = { principal: "ann", workspace: "ml", role: "Viewer" }

async function loaded(source = "lake"): Promise<{ readonly snapshot: LoadedSnapshot | undefined; readonly store: RoleBindingStore }> {
  const store = roleBindingStore()
  return { snapshot: await readSnapshot(path, source, store, open), store }
}

/** Lets every handle fail at one thing that it can do. */
async function spoil(method: "writeFile" | "sync", error: Error): Promise<void> {
  const handle = await openFile(folder, "r")
  const prototype: FileHandle = Object.getPrototypeOf(handle)
  await handle.close()
  vi.spyOn(prototype, method).mockRejectedValue(error)
}

describe("a snapshot on disk", () => {
  it.each([
    ["none", []],
    ["one", [ann]],
    ["names that JSON escapes, and others", ['"', "\\", "ü€😀", "group:a b", "*", "\u2028", "__proto__"].map((principal) => ({ ...ann, principal }))],
    ["some that expire", [ann, { ...ann, role: "Editor", expires_at: "2031-01-01T00:00:00.500Z" }]],
    ["many", manyBindings(30_000)],
  ])("gives back what was written: %s", async (_, bindings) => {
    await written(path, bindings)
    const { snapshot, store } = await loaded()
    expect(snapshot?.header).toEqual(header)
    expect(stateOf(store)).toEqual(stateOf(storeOf(bindings)))
  })

  it("is readable by its owner alone, and nothing stays beside it", async () => {
    await written(path, [ann])
    await written(path, [ann])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(["bindings.snapshot"])
  })

  it("is lines: a header, the bindings, a trailer", async () => {
    await written(path, [ann, { ...ann, role: "Editor", expires_at: "2031-01-01T00:00:00Z" }])
    const [first, ...rest] = (await readFile(path, "utf8")).trimEnd().split("\n")
    expect(JSON.parse(first ?? "")).toMatchObject({
      portcullis_snapshot: 1,
      source: "lake",
      revision: "0a0b0c0d.7",
      taken_at: "2030-01-31T12:00:00.000Z",
    })
    expect(rest.slice(0, 2).toSorted()).toEqual([`["ann","ml","Editor",${Date.parse("2031-01-01")}]`, '["ann","ml","Viewer"]'])
    expect(JSON.parse(rest[2] ?? "")).toEqual({ count: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/), confirmed_at: "2030-01-31T12:00:00.000Z" })
  })

  it("is nothing when there is no file", async () => {
    expect((await loaded()).snapshot).toBeUndefined()
  })

  it("lets others work while it is written and read", async () => {
    let turns = 0
    const count = (): void => {
      turns++
      turning = setImmediate(count)
    }
    let turning = setImmediate(count)
    await written(path, manyBindings(30_000))
    expect(turns).toBeGreaterThan(29)
    turns = 0
    await loaded()
    clearImmediate(turning)
    expect(turns).toBeGreaterThan(3)
  })

  it("holds the state of its beginning, whatever changes while it is written", async () => {
    const store = storeOf(manyBindings(30_000))
    for (let round = 0; round < 5; round++) {
      const before = stateOf(store)
      const writing = writeSnapshot(path, header, store, open)
      let isWriting = true
      const done = writing.then(() => (isWriting = false))
      for (let at = round; isWriting; at += 7) {
        const principal = `p${at % 1_500}`
        const op = at % 2 === 0 ? "add" : "remove"
        const workspaces = Array.from({ length: 40 }, (_, one) => `w${(at + one * 25) % 1_009}`)
        store.apply(workspaces.map((workspace): RoleBindingChange => ({ op, binding: { principal, workspace, role: "Viewer" } })))
        if (round === 4) store.expire(Date.parse("2032-01-01"))
        await new Promise((resolve) => setImmediate(resolve))
      }
      await done
      expect(stateOf(store)).not.toEqual(before)
      expect(stateOf((await loaded()).store)).toEqual(before)
    }
  })
})

describe("a snapshot that cannot be written", () => {
  it.each(["writeFile", "sync"] as const)("leaves the old one whole when the disk is full (%s), and nothing beside it", async (method) => {
    await written(path, [ann])
    const before = await readFile(path, "utf8")
    await spoil(method, Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }))
    await expect(written(path, manyBindings(5_000))).rejects.toMatchObject({
      code: "ERR_SOURCE_UNAVAILABLE",
      message: expect.stringContaining(`the snapshot ${path} cannot be written: ENOSPC`),
    })
    vi.restoreAllMocks()
    expect([await readFile(path, "utf8"), await readdir(folder)]).toEqual([before, ["bindings.snapshot"]])
  })

  it("is given up when that is asked for", async () => {
    const abort = new AbortController()
    const writing = writeSnapshot(path, header, storeOf(manyBindings(5_000)), abort.signal)
    abort.abort(new Error("enough"))
    await expect(writing).rejects.toThrow("enough")
    expect(await readdir(folder)).toEqual([])
  })

  it("does not stay for ever when its writer was killed, nor goes while one writes", async () => {
    const [dead, alive, other] = ["bindings.snapshot.0a0b0c0d.tmp", "bindings.snapshot.0a0b0c0e.tmp", "bindings.snapshot.old.tmp"]
    for (const name of [dead, alive, other]) await writeFile(join(folder, name), "half")
    const longAgo = Date.now() / 1_000 - 120
    for (const name of [dead, other]) await utimes(join(folder, name), longAgo, longAgo)
    await written(path, [ann])
    expect((await readdir(folder)).toSorted()).toEqual(["bindings.snapshot", alive, other])
  })
})

describe("a snapshot that is refused", () => {
  const text = (): Promise<string> => readFile(path, "utf8")

  it("is cut off anywhere", async () => {
    await written(path, manyBindings(40))
    const whole = await text()
    for (let length = 0; length < whole.length; length++) {
      await writeFile(path, whole.slice(0, length))
      await expect(loaded()).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE", reason: "snapshot_broken" })
    }
  })

  it("has another byte anywhere but in the time of its end", async () => {
    await written(path, manyBindings(20))
    const whole = await text()
    for (let at = 0; at < whole.length - '2030-01-31T12:00:00.000Z"}\n'.length; at++) {
      await writeFile(path, `${whole.slice(0, at)}${whole[at] === "8" ? "9" : "8"}${whole.slice(at + 1)}`)
      await expect(loaded()).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    }
  })

  it("has something behind its end", async () => {
    await written(path, [ann])
    await writeFile(path, `${await text()}["eve","ml","Editor"]\n`)
    await expect(loaded()).rejects.toMatchObject({ reason: "snapshot_broken", message: expect.stringContaining("its end is missing") })
  })

  it("is of another source, which it names", async () => {
    await written(path, [ann])
    await expect(loaded("river")).rejects.toMatchObject({
      reason: "snapshot_of_another_source",
      message: `the snapshot ${path} is of the source 'lake', and role bindings come from 'river'; it is not used, and is replaced when the source answers`,
    })
  })

  it("has a newer format, which it names", async () => {
    await written(path, [ann])
    await writeFile(path, (await text()).replace('"portcullis_snapshot":1', '"portcullis_snapshot":2'))
    await expect(loaded()).rejects.toMatchObject({
      reason: "snapshot_version",
      message: expect.stringContaining("format 2, and this version of Portcullis reads format 1"),
    })
  })

  it("is something else", async () => {
    await writeFile(path, '{"version": 1, "bindings": []}\n')
    await expect(loaded()).rejects.toMatchObject({ reason: "snapshot_broken" })
  })

  it("is no file", async () => {
    await expect(readSnapshot(folder, "lake", roleBindingStore(), open)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
  })
})

describe("a snapshot that is confirmed", () => {
  it("was taken when the source said last that nothing has changed", async () => {
    const file = await written(path, [ann])
    expect(await confirmSnapshot(path, file, header.takenAt + 60_000)).toBe(true)
    const { snapshot, store } = await loaded()
    expect(snapshot?.header.takenAt).toBe(header.takenAt + 60_000)
    expect([...store]).toEqual([ann])
    expect(await confirmSnapshot(path, snapshot?.file ?? file, header.takenAt + 90_000)).toBe(true)
    expect((await loaded()).snapshot?.header.takenAt).toBe(header.takenAt + 90_000)
  })

  it("is never another one", async () => {
    const file = await written(path, [ann])
    await written(path, [ann])
    await confirmSnapshot(path, file, header.takenAt + 60_000)
    expect((await loaded()).snapshot?.header.takenAt).toBe(header.takenAt)
    await rm(path)
    expect(await confirmSnapshot(path, file, header.takenAt)).toBe(false)
  })
})
