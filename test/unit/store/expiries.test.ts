import { describe, expect, it } from "vitest"
import type { RoleBinding } from "../../../src/model/role-binding.js"
import { roleBindingStore } from "../../../src/store/index.js"

const noon = Date.parse("2030-01-31T12:00:00.000Z")
const at = (ms: number): string => new Date(ms).toISOString()
const viewer = (principal: string, expiresMs?: number): RoleBinding => ({
  principal,
  workspace: "ml",
  role: "Viewer",
  ...(expiresMs !== undefined && { expires_at: at(expiresMs) }),
})

function storeOf(...bindings: readonly RoleBinding[]) {
  const store = roleBindingStore()
  store.add(bindings)
  return store
}

describe("bindings that expire", () => {
  it("decide until the millisecond before, and not from that millisecond on", () => {
    const store = storeOf(viewer("ann", noon))
    expect(store.expire(noon - 1)).toBe(0)
    expect(store.sliceText(["ann"], ["ml"])).toBe('{"ml":{"ann":["Viewer"]}}')
    expect(store.expire(noon)).toBe(1)
    expect(store.sliceText(["ann"], ["ml"])).toBe("{}")
    expect(store.size).toBe(0)
  })

  it("are the same moment in every time zone", () => {
    const store = storeOf({ ...viewer("ann"), expires_at: "2030-01-31T14:00:00+02:00" })
    expect(store.nextExpiry).toBe(noon)
    expect(store.has(viewer("ann", noon))).toBe(true)
  })

  it("leave the roles beside them alone", () => {
    const store = storeOf(viewer("ann", noon), { ...viewer("ann"), role: "Admin" }, { ...viewer("ann"), workspace: "web" }, viewer("ben"))
    expect(store.expire(noon)).toBe(1)
    expect(store.sliceText(["ann", "ben"], ["ml", "web"])).toBe('{"ml":{"ann":["Admin"],"ben":["Viewer"]},"web":{"ann":["Viewer"]}}')
  })

  it("say when the next one is due, and infinity when none is", () => {
    const store = storeOf(viewer("ann", noon), viewer("ben", noon - 1_000), viewer("eve"))
    expect(store.nextExpiry).toBe(noon - 1_000)
    store.expire(noon - 1)
    expect(store.nextExpiry).toBe(noon)
    store.expire(noon)
    expect(store.nextExpiry).toBe(Number.POSITIVE_INFINITY)
  })

  it.each([
    ["later", noon + 1_000],
    ["sooner", noon - 1_000],
    ["for good", undefined],
  ])("are rescheduled when they are added again, %s", (_, next) => {
    const store = storeOf(viewer("ann", noon))
    expect(store.apply([{ op: "add", binding: viewer("ann", next) }])).toBe(1)
    expect(store.size).toBe(1)
    expect(store.expire((next ?? noon + 1_000_000) - 1)).toBe(0)
    expect(store.expire(next ?? noon + 1_000_000)).toBe(next === undefined ? 0 : 1)
  })

  it("can be scheduled there and back again, and expire once", () => {
    const store = storeOf(viewer("ann", noon), viewer("ann", noon + 1), viewer("ann", noon), viewer("ann"), viewer("ann", noon))
    expect(store.expire(noon)).toBe(1)
    expect(store.expire(noon + 10)).toBe(0)
    store.add([viewer("ann")])
    expect(store.expire(noon + 10)).toBe(0)
    expect(store.size).toBe(1)
  })

  it("become temporary when a lasting one is added again with an expiry", () => {
    const store = storeOf(viewer("ann"))
    expect(store.apply([{ op: "add", binding: viewer("ann", noon) }])).toBe(1)
    expect(store.expire(noon)).toBe(1)
  })

  it("are removed whatever their expiry, and do not expire the one that comes after them", () => {
    const store = storeOf(viewer("ann", noon))
    expect(store.apply([{ op: "remove", binding: viewer("ann") }])).toBe(1)
    store.add([viewer("ann")])
    expect(store.expire(noon)).toBe(0)
    expect(store.has(viewer("ann"))).toBe(true)
  })

  it("are held only with the same expiry", () => {
    const store = storeOf(viewer("ann", noon), viewer("ben"))
    expect([store.has(viewer("ann", noon)), store.has(viewer("ann")), store.has(viewer("ann", noon + 1))]).toEqual([true, false, false])
    expect([store.has(viewer("ben")), store.has(viewer("ben", noon))]).toEqual([true, false])
  })

  it("make no difference when they are added again with the same expiry", () => {
    const store = storeOf(viewer("ann", noon))
    expect(store.apply([{ op: "add", binding: { ...viewer("ann"), expires_at: "2030-01-31T13:00:00+01:00" } }])).toBe(0)
  })

  it("carry their expiry when the store is iterated", () => {
    const store = storeOf(viewer("ann", noon), viewer("ben"))
    expect(new Set(store)).toEqual(new Set([viewer("ann", noon), viewer("ben")]))
  })

  it("are added although they have expired, and go with the next expiry", () => {
    const store = storeOf(viewer("ann", noon - 1))
    expect(store.nextExpiry).toBe(noon - 1)
    expect(store.expire(noon)).toBe(1)
  })

  it("are told apart when their names only together are the same", () => {
    const store = storeOf(
      { principal: "ab", workspace: "c", role: "d", expires_at: at(noon) },
      { principal: "a", workspace: "bc", role: "d", expires_at: at(noon + 1) },
    )
    expect(store.expire(noon)).toBe(1)
    expect([...store]).toEqual([{ principal: "a", workspace: "bc", role: "d", expires_at: at(noon + 1) }])
  })

  it("leave in the order of their times, however many there are and in whatever order they came", () => {
    const random = seeded(11)
    const store = roleBindingStore()
    const model = new Map<string, number>()
    for (let round = 0; round < 20_000; round++) {
      const principal = `p${Math.floor(random() * 4_000)}`
      const expiresMs = noon + Math.floor(random() * 5_000)
      if (random() < 0.2) {
        store.apply([{ op: "remove", binding: viewer(principal) }])
        model.delete(principal)
      } else {
        store.add([viewer(principal, expiresMs)])
        model.set(principal, expiresMs)
      }
    }
    for (let now = noon; now <= noon + 5_007; now += 7) {
      const due = [...model].filter(([, expiresMs]) => expiresMs <= now)
      for (const [principal] of due) model.delete(principal)
      expect(store.expire(now)).toBe(due.length)
      expect(store.nextExpiry).toBeGreaterThan(now)
    }
    expect([store.size, model.size]).toEqual([0, 0])
    expect(store.nextExpiry).toBe(Number.POSITIVE_INFINITY)
  })

  it("do not cut short an iteration that is under way", () => {
    const lasting = Array.from({ length: 100 }, (_, index) => viewer(`p${index}`))
    const store = storeOf(...lasting, ...Array.from({ length: 100 }, (_, index) => viewer(`t${index}`, noon)))
    const seen = new Set<string>()
    for (const { principal } of store) {
      if (seen.size === 10) store.expire(noon)
      seen.add(principal)
    }
    expect(lasting.every(({ principal }) => seen.has(principal))).toBe(true)
  })
})

function seeded(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647) / 2_147_483_647
}
