import { describe, expect, it } from "vitest"
import { formatRevision, type Revision } from "../../../src/model/revision.js"
import type { RoleBinding, RoleBindingChange } from "../../../src/model/role-binding.js"
import { applyRead, type SourceRead } from "../../../src/source/index.js"
import { roleBindingStore, type RoleBindingStore } from "../../../src/store/index.js"

const binding = (at: number, role = "Viewer"): RoleBinding => ({ principal: `p${at}`, workspace: `w${at % 9}`, role })
const range = (count: number, from = 0) => Array.from({ length: count }, (_, at) => binding(from + at))
const add = (one: RoleBinding): RoleBindingChange => ({ op: "add", binding: one })
const remove = (one: RoleBinding): RoleBindingChange => ({ op: "remove", binding: one })
const changes = (...list: readonly RoleBindingChange[]): SourceRead => ({ kind: "changes", position: "1", changes: list })

function snapshot(...pages: readonly (readonly RoleBinding[])[]): SourceRead {
  return {
    kind: "snapshot",
    position: "1",
    pages: (async function* () {
      yield* pages
    })(),
  }
}

class Holder {
  store: RoleBindingStore = roleBindingStore()
  clock = Date.parse("2030-01-01T00:00:00Z")
  readonly activations: { readonly swapped: boolean; readonly changes: number; readonly size: number }[] = []
  readonly revisions: (string | undefined)[] = []

  constructor(bindings: readonly RoleBinding[] = []) {
    this.store.add(bindings)
  }

  now(): number {
    return this.clock
  }

  activate(store: RoleBindingStore, count: number, revision?: Revision): void {
    this.activations.push({ swapped: store !== this.store, changes: count, size: store.size })
    this.revisions.push(revision && formatRevision(revision))
    this.store = store
  }
}

const stateOf = (store: Iterable<RoleBinding>) => new Set(Array.from(store, (one) => JSON.stringify(one)))

describe("applying a read", () => {
  it("does nothing when nothing happened", async () => {
    const holder = new Holder(range(3))
    expect(await applyRead(holder, { kind: "unchanged" })).toMatchObject({ changes: 0 })
    expect(holder.activations).toEqual([])
  })

  it("applies changes in one step to the store that is there", async () => {
    const holder = new Holder(range(3))
    expect(await applyRead(holder, changes(remove(binding(0)), add(binding(7)), add(binding(7)), add(binding(1))))).toMatchObject({ changes: 2 })
    expect(holder.activations).toEqual([{ swapped: false, changes: 2, size: 3 }])
    expect(stateOf(holder.store)).toEqual(stateOf([binding(1), binding(2), binding(7)]))
  })

  it("tells nobody when changes or a snapshot make no difference", async () => {
    const holder = new Holder(range(3))
    expect(await applyRead(holder, changes(add(binding(0)), remove(binding(9))))).toMatchObject({ changes: 0 })
    expect(await applyRead(holder, snapshot(range(2), range(3)))).toMatchObject({ changes: 0 })
    expect(holder.activations).toEqual([])
  })

  it("applies only the difference of a snapshot, duplicates counted once", async () => {
    const holder = new Holder(range(10_000))
    expect(await applyRead(holder, snapshot(range(9_998, 2), [binding(5, "Admin"), binding(5, "Admin")], range(100, 2)))).toMatchObject({
      changes: 3,
    })
    expect(holder.activations).toEqual([{ swapped: false, changes: 3, size: 9_999 }])
    expect(stateOf(holder.store)).toEqual(stateOf([...range(9_998, 2), binding(5, "Admin")]))
  })

  it("takes an empty snapshot at its word", async () => {
    const holder = new Holder(range(3))
    expect(await applyRead(holder, snapshot())).toMatchObject({ changes: 3 })
    expect(holder.store.size).toBe(0)
  })

  it("builds more than 5,000 changes beside and swaps", async () => {
    const holder = new Holder(range(100))
    const old = holder.store
    expect(await applyRead(holder, changes(...range(100).map(remove), ...range(5_000, 100).map(add), remove(binding(100))))).toMatchObject({
      changes: 5_101,
    })
    expect(holder.activations).toEqual([{ swapped: true, changes: 5_101, size: 4_999 }])
    expect(stateOf(old)).toEqual(stateOf(range(100)))
    expect(stateOf(holder.store)).toEqual(stateOf(range(4_999, 101)))
  })

  it("swaps when a snapshot differs by more than 5,000", async () => {
    const holder = new Holder(range(3_000))
    expect(await applyRead(holder, snapshot(range(4_000, 2_000)))).toMatchObject({ changes: 5_000 })
    expect(holder.activations.at(-1)).toEqual({ swapped: false, changes: 5_000, size: 4_000 })
    expect(await applyRead(holder, snapshot(range(2_501, 10_000), range(2_500, 12_000)))).toMatchObject({ changes: 8_500 })
    expect(holder.activations.at(-1)).toEqual({ swapped: true, changes: 8_500, size: 4_500 })
    expect(stateOf(holder.store)).toEqual(stateOf(range(4_500, 10_000)))
  })

  it("leaves the old store as it was when a page fails", async () => {
    const holder = new Holder(range(3))
    const failing: SourceRead = {
      kind: "snapshot",
      position: "1",
      pages: (async function* () {
        yield range(6_000)
        throw new Error("connection lost")
      })(),
    }
    await expect(applyRead(holder, failing)).rejects.toThrow("connection lost")
    expect(holder.activations).toEqual([])
    expect(stateOf(holder.store)).toEqual(stateOf(range(3)))
  })

  it("stops when aborted, ends the pages and leaves the old store as it was", async () => {
    const holder = new Holder(range(3))
    const abort = new AbortController()
    let ended = false
    const endless: SourceRead = {
      kind: "snapshot",
      position: "1",
      pages: (async function* () {
        try {
          for (let at = 0; ; at += 1_000) {
            yield range(1_000, at)
            if (at === 5_000) abort.abort(new Error("enough"))
          }
        } finally {
          ended = true
        }
      })(),
    }
    await expect(applyRead(holder, endless, abort.signal)).rejects.toThrow("enough")
    expect(ended).toBe(true)
    expect(stateOf(holder.store)).toEqual(stateOf(range(3)))
  })

  it("shows readers the old or the new state, and nothing between", async () => {
    const holder = new Holder(range(20_000))
    const applying = applyRead(holder, snapshot(range(20_000, 20_000)))
    const sizes = new Set<string>()
    let done = false
    const watching = (async () => {
      while (!done) {
        sizes.add(`${holder.store.has(binding(0))} ${holder.store.has(binding(39_999))}`)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await applying
    done = true
    await watching
    sizes.add(`${holder.store.has(binding(0))} ${holder.store.has(binding(39_999))}`)
    expect([...sizes]).toEqual(["true false", "false true"])
  })
})

describe("applying a read while bindings expire", () => {
  const start = Date.parse("2030-01-01T00:00:00Z")
  const temporary = (at: number, seconds: number): RoleBinding => ({ ...binding(at), expires_at: new Date(start + seconds * 1_000).toISOString() })

  /** A snapshot during whose pages time passes. */
  const slowly = (holder: Holder, seconds: number, ...pages: readonly (readonly RoleBinding[])[]): SourceRead => ({
    kind: "snapshot",
    position: "1",
    pages: (async function* () {
      yield* pages
      holder.clock += seconds * 1_000
      holder.store.expire(holder.clock)
    })(),
  })

  it("takes nothing in that has expired by then", async () => {
    const holder = new Holder()
    await applyRead(holder, changes(add(temporary(1, 0)), add(temporary(2, 1))))
    expect(stateOf(holder.store)).toEqual(stateOf([temporary(2, 1)]))
    await applyRead(holder, snapshot([temporary(1, 0), temporary(2, 1), temporary(3, -5)]))
    expect(stateOf(holder.store)).toEqual(stateOf([temporary(2, 1)]))
  })

  it("removes what a snapshot no longer holds, though as many bindings expire as are missing", async () => {
    const holder = new Holder([binding(1), binding(2), temporary(3, 5)])
    await applyRead(holder, slowly(holder, 10, [binding(1), temporary(3, 5)]))
    expect(stateOf(holder.store)).toEqual(stateOf([binding(1)]))
  })

  it("removes what a snapshot no longer holds, though as many come as go", async () => {
    const holder = new Holder([binding(1), temporary(3, 5), binding(4)])
    await applyRead(holder, slowly(holder, 10, [binding(1), temporary(3, 5), binding(7)]))
    expect(stateOf(holder.store)).toEqual(stateOf([binding(1), binding(7)]))
  })

  it.each([4_000, 8_000])("leads to the source's state when hundreds expire between the turns of %i bindings", async (count) => {
    const holder = new Holder([...range(count), ...Array.from({ length: 500 }, (_, at) => temporary(20_000 + at, 1 + (at % 7)))])
    const ticking = setInterval(() => {
      holder.clock += 1_000
      holder.store.expire(holder.clock)
    }, 0)
    await applyRead(holder, snapshot(range(count - 10, 10), range(50, 30_000), [temporary(20_000, 1), temporary(20_006, 7)]))
    clearInterval(ticking)
    holder.store.expire(start + 3_600_000)
    expect(stateOf(holder.store)).toEqual(stateOf([...range(count - 10, 10), ...range(50, 30_000)]))
  })

  it("counts a changed expiry as a change", async () => {
    const holder = new Holder([temporary(1, 60)])
    expect(await applyRead(holder, snapshot([temporary(1, 90)]))).toMatchObject({ changes: 2 })
    expect(stateOf(holder.store)).toEqual(stateOf([temporary(1, 90)]))
    expect(await applyRead(holder, snapshot([binding(1)]))).toMatchObject({ changes: 2 })
    expect(stateOf(holder.store)).toEqual(stateOf([binding(1)]))
    expect(await applyRead(holder, snapshot([binding(1)]))).toMatchObject({ changes: 0 })
  })
})

describe("applying what a source says at the end of a snapshot", () => {
  const finished = (since: readonly RoleBindingChange[], ...pages: readonly (readonly RoleBinding[])[]): SourceRead => ({
    kind: "snapshot",
    position: "early",
    revision: { epoch: "0a0b0c0d", sequence: 3 },
    pages: (async function* () {
      yield* pages
    })(),
    finish: async () => ({ kind: "changes", position: "late", revision: { epoch: "0a0b0c0d", sequence: 5 }, changes: since }),
  })

  it("puts it on top of the pages, in one step with them, and counts its position and revision", async () => {
    const holder = new Holder(range(2))
    const read = finished([remove(binding(0)), add(binding(8)), remove(binding(8)), add(binding(9))], range(3))
    expect(await applyRead(holder, read)).toEqual({ changes: 3, position: "late" })
    expect(stateOf(holder.store)).toEqual(stateOf([binding(1), binding(2), binding(9)]))
    expect(holder.activations).toHaveLength(1)
    expect(holder.revisions).toEqual(["0a0b0c0d.5"])
  })

  it("asks for it once, after the last page", async () => {
    const order: string[] = []
    await applyRead(new Holder(), {
      kind: "snapshot",
      position: "1",
      pages: (async function* () {
        order.push("first page")
        yield range(2)
        order.push("last page")
        yield range(2, 2)
      })(),
      finish: async () => {
        order.push("finish")
        return { kind: "changes", position: "2", changes: [] }
      },
    })
    expect(order).toEqual(["first page", "last page", "finish"])
  })

  it("changes nothing when it fails", async () => {
    const holder = new Holder(range(3))
    const read: SourceRead = {
      kind: "snapshot",
      position: "1",
      pages: onePage(range(9_000)),
      finish: () => Promise.reject(new Error("connection lost")),
    }
    await expect(applyRead(holder, read)).rejects.toThrow("connection lost")
    expect(holder.activations).toEqual([])
    expect(stateOf(holder.store)).toEqual(stateOf(range(3)))
  })
})

describe("a revision that the source gives", () => {
  const revision = { epoch: "0a0b0c0d", sequence: 7 }

  it("is activated with the changes that it names", async () => {
    const holder = new Holder(range(1))
    await applyRead(holder, { kind: "changes", position: "2", revision, changes: [add(binding(5))] })
    expect([holder.revisions, holder.activations]).toEqual([["0a0b0c0d.7"], [{ swapped: false, changes: 1, size: 2 }]])
  })

  it("is activated although no binding changed, since something else did", async () => {
    const holder = new Holder(range(3))
    await applyRead(holder, { kind: "changes", position: "2", revision, changes: [] })
    await applyRead(holder, { kind: "snapshot", position: "2", revision, pages: onePage(range(3)) })
    await applyRead(holder, { kind: "changes", position: "2", revision, changes: Array.from({ length: 5_001 }, () => add(binding(1))) })
    expect(holder.revisions).toEqual(["0a0b0c0d.7", "0a0b0c0d.7", "0a0b0c0d.7"])
    expect(holder.activations).toEqual(Array.from({ length: 3 }, () => ({ swapped: false, changes: 0, size: 3 })))
  })

  it("is not activated by a read without news", async () => {
    const holder = new Holder(range(3))
    expect(await applyRead(holder, { kind: "unchanged" })).toEqual({ changes: 0 })
    expect(holder.revisions).toEqual([])
  })
})

async function* onePage(page: readonly RoleBinding[]): AsyncGenerator<readonly RoleBinding[]> {
  yield page
}
