import { describe, expect, it } from "vitest"
import { bundleSet, readBundle, type BundleContent, type BundleOrigin, type BundleSet } from "../../../src/bundle/index.js"
import { editHistory } from "../../../src/bundle/edit-history.js"
import type { RoleBinding } from "../../../src/index.js"
import { roleBindingStore, type RoleBindingStore } from "../../../src/store/index.js"

interface World extends BundleOrigin {
  readonly store: RoleBindingStore
  /** Applies in one step, as a PDP does. */
  change(...changes: readonly (readonly ["add" | "remove", string, string?, string?])[]): void
  swap(): void
  content: Partial<BundleContent>
}

const worldOf = (...principals: readonly string[]): World => {
  let store = roleBindingStore()
  let sequence = 1
  const binding = (principal: string, workspace = "ml", role = "Viewer"): RoleBinding => ({ principal, workspace, role })
  store.add(principals.map((principal) => binding(principal)))
  const authzData = { roles: { Viewer: ["a"] } }
  const world: World = {
    store,
    content: {},
    revision: () => `00000000.${sequence}`,
    snapshot: () => ({ revision: world.revision(), profile: "hardened", authzData, bindings: store, ...world.content }),
    change: (...changes) => {
      store.apply(changes.map(([op, principal, workspace, role]) => ({ op, binding: binding(principal, workspace, role) })))
      sequence++
    },
    swap: () => {
      const next = store.empty()
      next.add([...store])
      store = next
      sequence++
    },
  }
  return world
}

const etagsOf = async (bundles: BundleSet): Promise<Map<string, string>> =>
  new Map(await Promise.all(bundles.names.map(async (name) => [name, (await bundles.current(name)).etag] as const)))

const changedNames = async (bundles: BundleSet, before: ReadonlyMap<string, string>): Promise<readonly string[]> =>
  [...(await etagsOf(bundles))].filter(([name, etag]) => before.get(name) !== etag).map(([name]) => name)

const names = Array.from({ length: 300 }, (_, at) => `person-${at}`)

/** Every binding in some bundles. */
const bindingsIn = async (bundles: BundleSet, ...from: readonly string[]): Promise<readonly string[]> => {
  const all: string[] = []
  for (const name of from) {
    const { data } = await readBundle((await bundles.current(name)).bytes)
    for (const shard of members(data["authz_bindings"]))
      for (const [principal, held] of entries(Object.fromEntries(entries(shard))["principals"]))
        for (const [, workspaces] of entries(held))
          for (const [workspace, roles] of entries(workspaces))
            for (const role of Array.isArray(roles) ? roles : []) all.push([principal, workspace, role].join())
  }
  return all.sort()
}
const entries = (value: unknown): readonly (readonly [string, unknown])[] =>
  typeof value === "object" && value !== null ? Object.entries(value) : []
const members = (value: unknown): readonly unknown[] => entries(value).map(([, member]) => member)
const storedIn = (store: Iterable<RoleBinding>): readonly string[] =>
  [...store].map(({ principal, workspace, role }) => [principal, workspace, role].join()).sort()

describe("a set of bundles", () => {
  it("holds the same in parts as in one, with disjoint roots", async () => {
    const world = worldOf(...names)
    const bundles = bundleSet(world)
    const parts = bundles.names.slice(1)
    expect(parts).toEqual(["authz-policy", "authz-roles", ...Array.from({ length: 16 }, (_, at) => `authz-bindings-0${at.toString(16)}`)])
    expect(await bindingsIn(bundles, "authz")).toEqual(storedIn(world.store))
    expect(await bindingsIn(bundles, ...parts)).toEqual(storedIn(world.store))
    const roots = await Promise.all(parts.map(async (name) => (await readBundle((await bundles.current(name)).bytes)).manifest.roots))
    expect(new Set(roots.flat()).size).toBe(258)
    expect(await readBundle((await bundles.current("authz-policy")).bytes)).toMatchObject({ manifest: { roots: ["authz"] }, data: {} })
  })

  it.each([1, 4, 256])("spreads the bindings over %i bundles", async (bindingBundles) => {
    const world = worldOf(...names.slice(0, 40))
    const bundles = bundleSet(world, { bindingBundles })
    expect(bundles.names).toHaveLength(3 + bindingBundles)
    expect(await bindingsIn(bundles, ...bundles.names.slice(1))).toEqual(storedIn(world.store))
  })

  it.each([0, 3, 512, 1.5, Number.NaN])("is not spread over %d", (bindingBundles) => {
    expect(() => bundleSet(worldOf(), { bindingBundles })).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })

  it("rebuilds only the part that a change touches, at the revision of the change", async () => {
    const world = worldOf(...names)
    const bundles = bundleSet(world)
    const before = await etagsOf(bundles)
    world.change(["add", "zoe"])
    const [whole, part = "", ...others] = await changedNames(bundles, before)
    expect([whole, others]).toEqual(["authz", []])
    expect(part).toMatch(/^authz-bindings-/)
    expect((await bundles.current(part)).revision).toBe("00000000.2")
    expect((await bundles.current("authz-policy")).revision).toBe("00000000.1")
    expect(await bindingsIn(bundles, part)).toContain("zoe,ml,Viewer")
  })

  it("is what a set would be that begins now, after any changes", async () => {
    const world = worldOf(...names.slice(0, 50))
    const bundles = bundleSet(world)
    for (let round = 0; round < 30; round++) {
      world.change(["add", `person-${round * 3}`, "research", "Editor"], ["add", `person-${round}`, "ml", "Admin"], ["remove", `person-${round * 2}`])
      if (round % 7 === 0) world.swap()
      if (round % 3 === 0) await etagsOf(bundles)
    }
    expect(await bindingsIn(bundles, "authz")).toEqual(storedIn(world.snapshot().bindings))
    const fresh = bundleSet(world)
    expect((await bundles.current("authz")).bytes.equals((await fresh.current("authz")).bytes)).toBe(true)
  })

  it("keeps the bytes of a part when the store is built anew and says the same", async () => {
    const world = worldOf(...names)
    const bundles = bundleSet(world)
    const before = await etagsOf(bundles)
    world.swap()
    expect(await changedNames(bundles, before)).toEqual(["authz"])
  })

  it("follows roles and profile, each in its part", async () => {
    const world = worldOf("ann")
    const bundles = bundleSet(world)
    const first = await etagsOf(bundles)
    world.content = { authzData: { roles: {} } }
    world.change()
    expect(await changedNames(bundles, first)).toEqual(["authz", "authz-roles"])
    const second = await etagsOf(bundles)
    world.content = { ...world.content, profile: "nemo" }
    world.change()
    expect(await changedNames(bundles, second)).toEqual(["authz", "authz-policy"])
  })

  it("holds one state when it changes while it is read", async () => {
    const world = worldOf(...Array.from({ length: 5_000 }, (_, at) => `p${at}`))
    const bundles = bundleSet(world)
    const reading = bundles.current("authz")
    for (let step = 0; step < 20; step++) {
      await new Promise(setImmediate)
      world.change(["add", `new-${step}`], ["remove", `p${step * 200}`], ["add", `p${step * 201}`, "research"])
      if (step === 10) world.swap()
    }
    const { bytes } = await reading
    expect((await readBundle(bytes)).manifest.roots).toHaveLength(3)
    expect(await bindingsIn(bundles, "authz")).toEqual(storedIn(world.snapshot().bindings))
  })

  it("leaves out what has expired, though the revision is the same", async () => {
    const world = worldOf("ann")
    world.store.add([{ principal: "ben", workspace: "ml", role: "Viewer", expires_at: "2030-01-01T00:00:00Z" }])
    const bundles = bundleSet(world)
    expect(await bindingsIn(bundles, "authz")).toEqual(["ann,ml,Viewer", "ben,ml,Viewer"])
    world.store.expire(Date.parse("2030-01-01T00:00:00Z"))
    expect(await bindingsIn(bundles, "authz")).toEqual(["ann,ml,Viewer"])
  })

  it("loses nothing when the policy cannot be read for a while", async () => {
    const world = worldOf(...names)
    let failing = false
    const rego = async (): Promise<readonly []> => {
      if (failing) throw new Error("no disk")
      return []
    }
    const bundles = bundleSet(world, { rego })
    const before = await etagsOf(bundles)
    failing = true
    world.content = { profile: "nemo" }
    world.change(["add", "zoe"])
    await expect(bundles.current("authz")).rejects.toThrow("no disk")
    failing = false
    expect(await changedNames(bundles, before)).toHaveLength(2)
    expect(await bindingsIn(bundles, "authz")).toEqual(storedIn(world.store))
  })

  it("tells of a failure of its origin, and works after it", async () => {
    const world = worldOf("ann")
    const { snapshot } = world
    let failing = true
    const bundles = bundleSet({
      revision: world.revision,
      snapshot: () => {
        if (failing) throw new Error("not ready")
        return snapshot()
      },
    })
    await expect(bundles.current("authz")).rejects.toThrow("not ready")
    failing = false
    expect(await bindingsIn(bundles, "authz")).toEqual(["ann,ml,Viewer"])
  })

  it("has no other names", async () => {
    await expect(bundleSet(worldOf()).current("authz-bindings-10")).rejects.toMatchObject({ code: "ERR_NOT_FOUND" })
  })
})

describe("a delta", () => {
  const world = async (): Promise<{ world: World; bundles: BundleSet; from: Map<string, string> }> => {
    const made = worldOf(...names)
    const bundles = bundleSet(made)
    return { world: made, bundles, from: await etagsOf(bundles) }
  }
  const patchOf = async (bundles: BundleSet, name: string, from: string): Promise<readonly unknown[] | undefined> => {
    const delta = await bundles.delta(name, from)
    if (!delta) return undefined
    const [{ patch, manifest }, current] = [await readBundle(delta.bytes), await bundles.current(name)]
    const whole = await readBundle(current.bytes)
    expect(delta.etag).toBe(current.etag)
    expect(manifest).toEqual(whole.manifest)
    return patch.map(({ op, path, value }) => [op, path.slice(2).join(), value])
  }

  it("puts what principals hold, and removes those who hold nothing more", async () => {
    const { world: changing, bundles, from } = await world()
    const first = from.get("authz") ?? ""
    changing.change(["add", "person-1", "research", "Editor"])
    await bundles.current("authz")
    changing.change(["add", "a/b%~"], ["remove", "person-2"], ["add", "gone"])
    await bundles.current("authz")
    changing.change(["remove", "gone"])
    expect(await patchOf(bundles, "authz", first)).toEqual(
      expect.arrayContaining([
        ["upsert", "principals,person-1", { workspaces: { ml: ["Viewer"], research: ["Editor"] } }],
        ["upsert", "principals,a/b%~", { workspaces: { ml: ["Viewer"] } }],
        ["remove", "principals,person-2", undefined],
      ]),
    )
    expect(await patchOf(bundles, "authz", first)).toHaveLength(3)
  })

  it("is none where nothing has changed, never an empty one", async () => {
    const { world: changing, bundles, from } = await world()
    const first = from.get("authz") ?? ""
    expect(await bundles.delta("authz", first)).toBeUndefined()
    changing.change(["add", "person-1"])
    expect(await bundles.delta("authz", first)).toBeUndefined()
    changing.change(["add", "gone"])
    changing.change(["remove", "gone"])
    expect(await bundles.delta("authz", first)).toBeUndefined()
  })

  it("is none from what nobody was given, or with other roles, a signature, or a store that was built anew", async () => {
    const { world: changing, bundles, from } = await world()
    const first = from.get("authz") ?? ""
    changing.change(["add", "zoe"])
    expect(await bundles.delta("authz", '"unknown"')).toBeUndefined()
    expect(await bundles.delta("authz-policy", from.get("authz-policy") ?? "")).toBeUndefined()
    expect(await bundles.delta("authz", first)).toBeDefined()
    const second = (await bundles.current("authz")).etag
    changing.content = { authzData: {} }
    changing.change(["add", "zac"])
    expect(await bundles.delta("authz", second)).toBeUndefined()
    const third = (await bundles.current("authz")).etag
    changing.swap()
    expect(await bundles.delta("authz", third)).toBeUndefined()
  })

  it("of a part holds what the part holds, and leads on from one that has long been the same", async () => {
    const { world: changing, bundles, from } = await world()
    for (let round = 0; round < 5; round++) {
      changing.change(["add", "zoe", `w${round}`])
      await etagsOf(bundles)
    }
    const [part = ""] = (await changedNames(bundles, from)).slice(1)
    expect(await patchOf(bundles, part, from.get(part) ?? "")).toHaveLength(1)
    const untouched = bundles.names.find((name) => name.startsWith("authz-bindings-") && name !== part) ?? ""
    expect(await bundles.delta(untouched, from.get(untouched) ?? "")).toBeUndefined()
  })
})

describe("the history of changes", () => {
  const edit = (principal: string, text = "{}"): Parameters<ReturnType<typeof editHistory>["add"]>[1] => [
    { shard: 1, hash: "", holds: true, principals: [{ principal, existed: false, text }] },
  ]
  const all = new Set([1])

  it("forgets whole positions, the oldest first, beyond so many changes or bytes", () => {
    for (const limits of [{ edits: 3 }, { bytes: 450 }]) {
      const history = editHistory(limits)
      history.restart(1)
      for (let position = 2; position <= 6; position++) history.add(position, edit(`p${position}`))
      expect(history.between(2, 6, all)).toBeUndefined()
      expect(history.between(3, 6, all)?.get(1)).toHaveLength(3)
      expect(history.between(4, 5, all)?.get(1)).toHaveLength(1)
      expect(history.between(6, 6, all)?.size).toBe(0)
    }
  })

  it("holds nothing of one change that is too large", () => {
    const history = editHistory({ bytes: 100 })
    history.add(1, edit("p", "x".repeat(1_000)))
    expect(history.between(0, 1, all)).toBeUndefined()
    expect(history.between(1, 1, all)).toBeDefined()
  })
})
