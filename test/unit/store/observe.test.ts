import { describe, expect, it } from "vitest"
import type { RoleBinding, RoleBindingChange } from "../../../src/model/role-binding.js"
import { roleBindingStore } from "../../../src/store/index.js"

const ann: RoleBinding = { principal: "ann", workspace: "ml", role: "Viewer" }
const stateOf = (store: Iterable<RoleBinding>) => new Set(Array.from(store, (one) => JSON.stringify(one)))

describe("observing a store", () => {
  it("tells what undoes each change, expiry included, until it is stopped", () => {
    const store = roleBindingStore()
    const undo: RoleBindingChange[] = []
    const stop = store.observe((change) => undo.push(change))
    const until = (expires_at: string): RoleBinding => ({ ...ann, expires_at })
    store.add([until("2030-01-01T00:00:00.000Z")])
    store.apply([
      { op: "add", binding: until("2031-01-01T00:00:00.000Z") },
      { op: "remove", binding: { ...ann, role: "Editor" } },
    ])
    store.expire(Date.parse("2031-01-01T00:00:00.000Z"))
    stop()
    store.add([ann])
    expect(undo).toEqual([
      { op: "remove", binding: ann },
      { op: "add", binding: until("2030-01-01T00:00:00.000Z") },
      { op: "add", binding: until("2031-01-01T00:00:00.000Z") },
    ])
  })

  it("leads back to any earlier state", () => {
    const store = roleBindingStore()
    const random = (most: number): number => Math.floor(Math.random() * most)
    const any = (): RoleBinding => ({
      principal: `p${random(9)}`,
      workspace: `w${random(30)}`,
      role: `r${random(3)}`,
      ...(random(3) === 0 && { expires_at: new Date(random(1_000)).toISOString() }),
    })
    const change = (): RoleBindingChange => ({ op: random(2) === 0 ? "add" : "remove", binding: any() })
    for (let round = 0; round < 50; round++) {
      store.add(Array.from({ length: 30 }, any))
      const before = stateOf(store)
      const undo: RoleBindingChange[] = []
      const stop = store.observe((one) => undo.push(one))
      for (let at = 0; at < 20; at++) {
        store.apply(Array.from({ length: 5 }, change))
        store.expire(random(1_000))
      }
      stop()
      store.apply(undo.toReversed())
      expect(stateOf(store)).toEqual(before)
    }
  })
})
