import { describe, expect, it } from "vitest"
import type { RoleBinding, RoleBindingChange } from "../../../src/model/role-binding.js"
import { roleBindingStore } from "../../../src/store/index.js"

const binding = (principal: string, workspace: string, role: string): RoleBinding => ({ principal, workspace, role })
const add = (principal: string, workspace: string, role: string): RoleBindingChange => ({ op: "add", binding: binding(principal, workspace, role) })
const remove = (principal: string, workspace: string, role: string): RoleBindingChange => ({
  op: "remove",
  binding: binding(principal, workspace, role),
})

function storeOf(...bindings: readonly RoleBinding[]) {
  const store = roleBindingStore()
  store.add(bindings)
  return store
}

describe("the role binding store", () => {
  it("cuts the slice of the principals in the workspaces, and nothing else", () => {
    const store = storeOf(binding("ann", "ml", "Viewer"), binding("ann", "web", "Admin"), binding("bob", "ml", "Admin"), binding("*", "ml", "Viewer"))
    expect(store.sliceText(["ann", "*"], ["apis", "workspaces", "ml"])).toBe('{"ml":{"ann":["Viewer"],"*":["Viewer"]}}')
  })

  it("lists the roles of a principal in a workspace sorted by name, each once", () => {
    const store = storeOf(
      binding("ann", "ml", "Viewer"),
      binding("ann", "ml", "Admin"),
      binding("ann", "ml", "Viewer"),
      binding("ann", "ml", "Editor"),
    )
    expect(store.sliceText(["ann"], ["ml"])).toBe('{"ml":{"ann":["Admin","Editor","Viewer"]}}')
    expect(store.size).toBe(3)
  })

  it.each([2, 20])("writes no key twice when each of %i principals and all workspaces are named twice", (count) => {
    const principals = Array.from({ length: count }, (_, at) => `p${at}`)
    const store = storeOf(...principals.flatMap((principal) => [binding(principal, "ml", "Viewer"), binding(principal, "web", "Viewer")]))
    const once = store.sliceText(principals, ["ml", "web"])
    expect(store.sliceText([...principals, ...principals], ["ml", "web", "nowhere", "ml", "web"])).toBe(once)
  })

  it("answers in the order of the question, whatever the order of loading", () => {
    const bindings = [binding("a", "x", "R"), binding("b", "x", "R"), binding("a", "y", "R"), binding("b", "y", "R")]
    const text = '{"y":{"b":["R"],"a":["R"]},"x":{"b":["R"],"a":["R"]}}'
    expect(storeOf(...bindings).sliceText(["b", "a"], ["y", "x"])).toBe(text)
    expect(storeOf(...bindings.toReversed()).sliceText(["b", "a"], ["y", "x"])).toBe(text)
  })

  it.each(["__proto__", "constructor", "toString", "", "hasOwnProperty"])("knows nobody and nothing by the name %j until it is bound", (name) => {
    const store = storeOf(binding("ann", "ml", "Viewer"))
    expect(store.sliceText([name, "ann"], [name, "ml"])).toBe('{"ml":{"ann":["Viewer"]}}')
    store.apply([add(name, name, name)])
    expect(store.sliceText([name], [name])).toBe(`{${JSON.stringify(name)}:{${JSON.stringify(name)}:[${JSON.stringify(name)}]}}`)
  })

  it.each(['quote"d', "back\\slash", "line\nend", "tab\t\u0000", "Zoë 😀", "\ud800 half", "\u2028"])(
    "writes the name %j as JSON.stringify does",
    (name) => {
      const text = storeOf(binding(name, name, name)).sliceText([name], [name])
      expect(text).toBe(`{${JSON.stringify(name)}:{${JSON.stringify(name)}:[${JSON.stringify(name)}]}}`)
    },
  )

  it("tells role sets apart whose names hold separators", () => {
    const store = storeOf(binding("ann", "ml", "A,B"), binding("bob", "ml", "A"), binding("bob", "ml", "B"), binding("eve", "ml", 'A","B'))
    expect(JSON.parse(store.sliceText(["ann", "bob", "eve"], ["ml"]))).toEqual({ ml: { ann: ["A,B"], bob: ["A", "B"], eve: ['A","B'] } })
  })

  it("counts only changes that have an effect, and applying a batch again has none", () => {
    const store = roleBindingStore()
    const batch = [add("ann", "ml", "Viewer"), add("ann", "ml", "Viewer"), remove("bob", "ml", "Viewer"), remove("ann", "web", "Viewer")]
    expect(store.apply(batch)).toBe(1)
    expect(store.apply(batch)).toBe(0)
    expect(store.size).toBe(1)
  })

  it("forgets a removed role at once and keeps the others", () => {
    const store = storeOf(binding("ann", "ml", "Viewer"), binding("ann", "ml", "Admin"), binding("bob", "ml", "Admin"))
    store.apply([remove("ann", "ml", "Admin")])
    expect(store.sliceText(["ann", "bob"], ["ml"])).toBe('{"ml":{"ann":["Viewer"],"bob":["Admin"]}}')
    expect(store.has(binding("ann", "ml", "Admin"))).toBe(false)
    expect(store.has(binding("ann", "ml", "Viewer"))).toBe(true)
  })

  it("serves a principal with 70,000 workspaces and a workspace with 200,000 principals", () => {
    const store = roleBindingStore()
    store.add(Array.from({ length: 70_000 }, (_, at) => binding("*", `w${at}`, "Viewer")))
    store.add(Array.from({ length: 200_000 }, (_, at) => binding(`p${at}`, "w7", "Editor")))
    expect(store.sliceText(["p199999", "*"], ["w69999", "w7"])).toBe('{"w69999":{"*":["Viewer"]},"w7":{"p199999":["Editor"],"*":["Viewer"]}}')
    store.apply(Array.from({ length: 69_990 }, (_, at) => remove("*", `w${at}`, "Viewer")))
    expect(JSON.parse(store.sliceText(["*"], ["w69989", "w69990"]))).toEqual({ w69990: { "*": ["Viewer"] } })
  })

  it("agrees with a plain list through ten thousand random changes", () => {
    const store = roleBindingStore()
    const model = new Map<string, RoleBinding>()
    const random = seeded(7)
    const pick = (prefix: string, count: number) => `${prefix}${Math.floor(random() * count)}`
    for (let round = 0; round < 10_000; round++) {
      const change = {
        op: random() < (round % 2_000 < 1_200 ? 0.8 : 0.1) ? "add" : "remove",
        binding: binding(pick("p", 6), pick("w", 40), pick("r", 3)),
      } as const
      const key = JSON.stringify(change.binding)
      expect(store.apply([change])).toBe(model.has(key) === (change.op === "add") ? 0 : 1)
      if (change.op === "add") model.set(key, change.binding)
      else model.delete(key)
    }
    expect(store.size).toBe(model.size)
    expect(new Set(Array.from(store, (one) => JSON.stringify(one)))).toEqual(new Set(model.keys()))
    expect([...model.values()].every((one) => store.has(one))).toBe(true)
  })

  it("is empty again when everything is removed", () => {
    const bindings = Array.from({ length: 1_000 }, (_, at) => binding(`p${at % 30}`, `w${at % 70}`, `r${at % 3}`))
    const store = storeOf(...bindings)
    store.apply(bindings.map((one) => ({ op: "remove", binding: one })))
    expect(store.size).toBe(0)
    expect([...store]).toEqual([])
    expect(store.sliceText(["p1", "p2"], ["w1", "w2"])).toBe("{}")
  })

  it("is built beside another one without touching it", () => {
    const store = storeOf(binding("ann", "ml", "Viewer"))
    const next = store.empty()
    next.add([binding("bob", "ml", "Viewer")])
    expect([...store]).toEqual([binding("ann", "ml", "Viewer")])
    expect([...next]).toEqual([binding("bob", "ml", "Viewer")])
  })
})

function seeded(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647) / 2_147_483_647
}
