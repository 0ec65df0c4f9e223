import { describe, expect, it } from "vitest"
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
  readonly activations: { readonly swapped: boolean; readonly changes: number; readonly size: number }[] = []

  constructor(bindings: readonly RoleBinding[] = []) {
    this.store.add(bindings)
  }

  now(): number {
    return Date.parse("2030-01-01T00:00:00Z")
  }

  activate(store: RoleBindingStore, count: number): void {
    this.activations.push({ swapped: store !== this.store, changes: count, size: store.size })
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
