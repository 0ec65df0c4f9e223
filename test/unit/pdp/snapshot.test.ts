import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest"
import {
  createPdp,
  PdpError,
  type Pdp,
  type PdpEvents,
  type PdpOptions,
  type RoleBinding,
  type RoleBindingChange,
  type Source,
} from "../../../src/index.js"
import { keepSnapshot, type SnapshotState } from "../../../src/pdp/snapshot-keeper.js"
import { FakeTimers } from "../source/fake-timers.js"
import { header, storeOf } from "../source/snapshot-world.js"
import { bindings, get, models } from "./world.js"

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portcullis-pdp-snapshot-"))
  path = join(folder, "bindings.snapshot")
})
afterEach(async () => rm(folder, { recursive: true }))

const start = Date.parse("2030-01-31T12:00:00.000Z")
const clock = { now: start }
beforeEach(() => void (clock.now = start))

/** What a database does: it numbers changes, answers with those since a position, and can be away. */
class Journal {
  readonly name: string
  readonly asked: (string | undefined)[] = []
  isAway = false
  readonly #changes: RoleBindingChange[]

  constructor(initial: readonly RoleBinding[] = bindings, name = "journal") {
    this.name = name
    this.#changes = initial.map((binding) => ({ op: "add", binding }))
  }

  write(op: RoleBindingChange["op"], binding: RoleBinding): void {
    this.#changes.push({ op, binding })
  }

  /** One reader of it. */
  source(): Source {
    return { name: this.name, read: (after) => this.#read(after), close: async () => undefined }
  }

  async #read(after: string | undefined): ReturnType<Source["read"]> {
    this.asked.push(after)
    if (this.isAway) throw new PdpError("ERR_SOURCE_UNAVAILABLE", "it is away")
    const position = String(this.#changes.length)
    const revision = { epoch: "0a0b0c0d", sequence: this.#changes.length }
    if (after === position) return { kind: "unchanged" }
    if (after !== undefined) return { kind: "changes", position, revision, changes: this.#changes.slice(Number(after)) }
    return { kind: "snapshot", position, revision, pages: pageOf(this.#changes) }
  }
}

async function* pageOf(changes: readonly RoleBindingChange[]): AsyncGenerator<readonly RoleBinding[]> {
  const held = new Map<string, RoleBinding>()
  for (const { op, binding } of changes) {
    const key = JSON.stringify([binding.principal, binding.workspace, binding.role])
    if (op === "add") held.set(key, binding)
    else held.delete(key)
  }
  yield [...held.values()]
}

interface Observed {
  readonly pdp: Pdp
  readonly activations: PdpEvents["activation"][]
  readonly failures: PdpEvents["refreshFailure"][]
}

async function started(source: Source, options: PdpOptions = {}): Promise<Observed> {
  const pdp = await createPdp({ authorizationData: models, source, snapshotFile: path, now: () => clock.now, ...options })
  onTestFinished(() => pdp.close())
  const activations: PdpEvents["activation"][] = []
  const failures: PdpEvents["refreshFailure"][] = []
  pdp.on("activation", (event) => activations.push(event))
  pdp.on("refreshFailure", (event) => failures.push(event))
  return { pdp, activations, failures }
}

/** A PDP that has run and left its snapshot. */
async function left(source: Source): Promise<string> {
  const { pdp } = await started(source)
  const revision = pdp.revision()
  await pdp.close()
  return revision
}

const ann = get("ann@example.com")
const temporary: RoleBinding = { principal: "tom", workspace: "ml", role: "Editor", expires_at: new Date(start + 60_000).toISOString() }

describe("a start while the source is away", () => {
  it("decides on the snapshot at once, at its revision, and shows its age and since when the source fails", async () => {
    const journal = new Journal()
    const revision = await left(journal.source())
    journal.isAway = true
    clock.now += 90_000
    const { pdp } = await started(journal.source())
    expect([pdp.authorize(ann).allowed, pdp.authorize({ ...ann, method: "DELETE" }).allowed]).toEqual([true, false])
    expect(pdp.status()).toMatchObject({
      ready: true,
      revision,
      bindings: bindings.length,
      sources: [
        {
          name: "journal",
          lastSuccess: "2030-01-31T12:00:00.000Z",
          ageSeconds: 90,
          failing: { since: "2030-01-31T12:01:30.000Z", message: "it is away" },
        },
      ],
      snapshot: { path, decides: true, revision, bindings: bindings.length, takenAt: "2030-01-31T12:00:00.000Z", ageSeconds: 90 },
    })
  })

  it("goes on from the snapshot when the source answers: the difference, and its revision", async () => {
    const journal = new Journal()
    await left(journal.source())
    journal.isAway = true
    const { pdp, activations } = await started(journal.source())
    const position = String(bindings.length)
    journal.write("add", { principal: "zoe", workspace: "ml", role: "Viewer" })
    journal.write("remove", { principal: "ben@example.com", workspace: "ml", role: "Editor" })
    journal.isAway = false
    await pdp.refresh()
    expect(journal.asked.slice(-1)).toEqual([position])
    expect(activations).toEqual([{ revision: `0a0b0c0d.${bindings.length + 2}`, cause: "bindings", changes: 2 }])
    expect([pdp.authorize(get("zoe")).allowed, pdp.authorize(get("ben@example.com")).allowed]).toEqual([true, false])
    expect(pdp.status().snapshot).toMatchObject({ decides: false })
    expect(pdp.status().sources[0]).not.toHaveProperty("failing")
  })

  it("activates nothing when the source answers that nothing has changed", async () => {
    const journal = new Journal()
    await left(journal.source())
    journal.isAway = true
    const { pdp, activations } = await started(journal.source())
    journal.isAway = false
    clock.now += 5_000
    await pdp.refresh()
    expect([activations, pdp.status().snapshot?.decides]).toEqual([[], false])
    await pdp.close()
    expect(pdp.status().snapshot).toMatchObject({ takenAt: "2030-01-31T12:00:05.000Z" })
  })

  it("is too old after maxStalenessSeconds, counted from when the source answered last, until it answers", async () => {
    const journal = new Journal()
    await left(journal.source())
    journal.isAway = true
    clock.now += 50_000
    const { pdp } = await started(journal.source(), { maxStalenessSeconds: 60 })
    expect(pdp.authorize(ann).allowed).toBe(true)
    clock.now += 10_001
    expect(() => pdp.authorize(ann)).toThrow(expect.objectContaining({ code: "ERR_PDP_STALE", message: expect.stringContaining("60 s old") }))
    expect(pdp.status()).toMatchObject({ ready: false, snapshot: { decides: true, ageSeconds: 60.001 } })
    journal.isAway = false
    await pdp.refresh()
    expect(pdp.authorize(ann).allowed).toBe(true)
  })

  it("is too old at once when the snapshot is", async () => {
    const journal = new Journal()
    await left(journal.source())
    journal.isAway = true
    clock.now += 61_000
    const { pdp } = await started(journal.source(), { maxStalenessSeconds: 60 })
    expect(() => pdp.authorize(ann)).toThrow(expect.objectContaining({ code: "ERR_PDP_STALE" }))
  })

  it("does not take a snapshot from the future for younger than now", async () => {
    const journal = new Journal()
    clock.now = start + 3_600_000
    await left(journal.source())
    journal.isAway = true
    clock.now = start
    const { pdp } = await started(journal.source(), { maxStalenessSeconds: 60 })
    clock.now += 60_001
    expect(() => pdp.authorize(ann)).toThrow(expect.objectContaining({ code: "ERR_PDP_STALE" }))
  })

  it("does not let decide what has expired since, nor what expires then", async () => {
    const journal = new Journal([...bindings, temporary, { ...temporary, principal: "tim", expires_at: new Date(start + 90_000).toISOString() }])
    await left(journal.source())
    journal.isAway = true
    clock.now += 60_000
    const { pdp } = await started(journal.source())
    expect([pdp.authorize(get("tom")).allowed, pdp.authorize(get("tim")).allowed, pdp.status().bindings]).toEqual([false, true, bindings.length + 1])
    clock.now += 30_000
    expect(pdp.authorize(get("tim")).allowed).toBe(false)
  })

  it("is not ready without a snapshot, and says so by nothing but the source", async () => {
    const journal = new Journal()
    journal.isAway = true
    const { pdp } = await started(journal.source())
    expect(() => pdp.authorize(ann)).toThrow(expect.objectContaining({ code: "ERR_PDP_NOT_READY" }))
    expect(pdp.status().snapshot).toEqual({ path, decides: false })
  })

  it("takes a snapshot that is put there later", async () => {
    const journal = new Journal()
    await left(journal.source())
    const text = await readFile(path)
    await rm(path)
    journal.isAway = true
    const { pdp, activations } = await started(journal.source())
    await writeFile(path, text)
    await expect(pdp.refresh()).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    expect(pdp.authorize(ann).allowed).toBe(true)
    expect(activations).toEqual([{ revision: `0a0b0c0d.${bindings.length}`, cause: "snapshot", changes: bindings.length }])
  })

  it.each([
    ["broken", async () => writeFile(path, (await readFile(path)).subarray(0, -30)), "is broken: its end is missing"],
    [
      "of another source",
      async () => void (await left(new Journal([], "river").source())),
      "is of the source 'river', and role bindings come from 'journal'",
    ],
  ])("uses no snapshot that is %s, and reports it", async (_, spoil, message) => {
    const journal = new Journal()
    await left(journal.source())
    await spoil()
    journal.isAway = true
    const { pdp, failures } = await started(journal.source())
    expect(() => pdp.authorize(ann)).toThrow(expect.objectContaining({ code: "ERR_PDP_NOT_READY" }))
    expect(pdp.status()).toMatchObject({
      ready: false,
      bindings: 0,
      snapshot: { decides: false, failing: { attempts: 1, message: expect.stringContaining(message) } },
    })
    await expect(pdp.refresh()).rejects.toThrow("it is away")
    expect(failures.map(({ source }) => source)).toEqual([`snapshot ${path}`, "journal"])
    journal.isAway = false
    await pdp.refresh()
    await pdp.close()
    expect(pdp.status().snapshot).not.toHaveProperty("failing")
    expect(await readFile(path, "utf8")).toContain('"source":"journal"')
  })
})

describe("a source that does not number changes", () => {
  it("begins a new epoch with the snapshot: nobody knows how far another process has counted", async () => {
    const state = { isAway: false, held: bindings }
    const source = (): Source => ({
      name: "page",
      read: async () => {
        if (state.isAway) throw new Error("it is away")
        return { kind: "snapshot", position: "p", pages: pageOf(state.held.map((binding) => ({ op: "add", binding }))) }
      },
      close: async () => undefined,
    })
    const before = await left(source())
    state.isAway = true
    const { pdp, activations } = await started(source())
    const [epoch, sequence] = pdp.revision().split(".")
    expect([epoch === before.split(".")[0], sequence]).toEqual([false, "1"])
    state.isAway = false
    state.held = bindings.slice(1)
    await pdp.refresh()
    expect(activations).toEqual([{ revision: `${epoch}.2`, cause: "bindings", changes: 1 }])
  })
})

describe("the last snapshot", () => {
  it("is written when the PDP is closed, with what has changed since", async () => {
    const journal = new Journal()
    const { pdp } = await started(journal.source())
    journal.write("add", { principal: "zoe", workspace: "ml", role: "Viewer" })
    await pdp.refresh()
    await pdp.close()
    journal.isAway = true
    const again = await started(journal.source())
    expect(again.pdp.authorize(get("zoe")).allowed).toBe(true)
  })

  it("that cannot be written is reported, and closes all the same", async () => {
    const missing = join(folder, "missing", "bindings.snapshot")
    const { pdp, failures } = await started(new Journal().source(), { snapshotFile: missing })
    expect(pdp.authorize(ann).allowed).toBe(true)
    await pdp.close()
    expect(failures).toMatchObject([{ source: `snapshot ${missing}`, error: { code: "ERR_SOURCE_UNAVAILABLE" }, attempt: 1, retryInMs: 60_000 }])
    expect(pdp.status().snapshot).toMatchObject({
      failing: { attempts: 1, message: expect.stringContaining(`the snapshot ${missing} cannot be written`) },
    })
  })

  it.each([0, -1, Number.NaN, 2_000_001])("is not kept with a pause of %d seconds", async (snapshotSeconds) => {
    await expect(createPdp({ authorizationData: models, source: new Journal().source(), snapshotFile: path, snapshotSeconds })).rejects.toMatchObject(
      {
        code: "ERR_CONFIG_INVALID",
        message: expect.stringContaining("snapshotSeconds"),
      },
    )
  })
})

describe("the snapshot keeper", () => {
  const kept = () => {
    const timers = new FakeTimers()
    const failures: PdpEvents["refreshFailure"][] = []
    const state: { now: SnapshotState | undefined } = { now: { header, store: storeOf(bindings), version: 1 } }
    const options = {
      path,
      source: "lake",
      seconds: 30,
      state: () => state.now,
      failed: (failure: PdpEvents["refreshFailure"]) => failures.push(failure),
    }
    const keeper = keepSnapshot({ ...options, now: () => clock.now, timers })
    /** Lets time pass, and what is under way end. */
    const pass = async (ms: number): Promise<void> => {
      keeper.sourceAnswered()
      timers.pass(ms)
      await expect.poll(() => keeper.status().takenAt ?? keeper.status().failing).toBeDefined()
    }
    return { keeper, state, timers, failures, pass }
  }

  it("writes a second after the source has answered, and then every pause when there is something new", async () => {
    const { keeper, state, timers, pass } = kept()
    await pass(1_000)
    expect(keeper.status()).toMatchObject({ revision: "0a0b0c0d.7", bindings: bindings.length })
    state.now = { header: { ...header, revision: "0a0b0c0d.8" }, store: storeOf([]), version: 2 }
    await pass(29_999)
    expect([keeper.status().revision, timers.pending()]).toEqual(["0a0b0c0d.7", [1]])
    timers.pass(1)
    await expect.poll(() => keeper.status().revision).toBe("0a0b0c0d.8")
  })

  it("writes over only the time when nothing has changed, and all when the file is gone", async () => {
    const { keeper, state, pass } = kept()
    await pass(1_000)
    const before = await readFile(path, "utf8")
    state.now = { header: { ...header, takenAt: header.takenAt + 30_000 }, store: storeOf(bindings), version: 1 }
    await pass(30_000)
    await expect.poll(() => keeper.status().takenAt).toBe("2030-01-31T12:00:30.000Z")
    expect(await readFile(path, "utf8")).toBe(before.replace(/"confirmed_at":"[^"]*"/, '"confirmed_at":"2030-01-31T12:00:30.000Z"'))
    await rm(path)
    state.now = { header: { ...header, takenAt: header.takenAt + 60_000 }, store: storeOf(bindings), version: 1 }
    await pass(30_000)
    await expect.poll(() => keeper.status().takenAt).toBe("2030-01-31T12:01:00.000Z")
    expect(await readFile(path, "utf8")).toContain('"taken_at":"2030-01-31T12:01:00.000Z"')
  })

  it("reports a failure, tries again after the pause, and then has nothing to report", async () => {
    await rm(folder, { recursive: true })
    const { keeper, failures, timers, pass } = kept()
    await pass(1_000)
    expect(failures).toMatchObject([{ source: `snapshot ${path}`, attempt: 1, retryInMs: 30_000 }])
    await mkdir(folder)
    timers.pass(30_000)
    await expect.poll(() => keeper.status()).toMatchObject({ revision: "0a0b0c0d.7" })
    expect(keeper.status()).not.toHaveProperty("failing")
  })

  it("writes nothing before there is something to write", async () => {
    const { keeper, state } = kept()
    state.now = undefined
    keeper.sourceAnswered()
    await keeper.close()
    expect(await readdir(folder)).toEqual([])
  })
})
