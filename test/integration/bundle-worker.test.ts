import { describe, expect, it } from "vitest"
import type { BundleOrigin, bundleSet as BundleSetFromSource } from "../../src/bundle/index.js"
import type { RoleBinding } from "../../src/index.js"
import { roleBindingStore } from "../../src/store/index.js"

const compiled = new URL("../../dist/bundle/index.js", import.meta.url).href

const rows = (count: number): readonly RoleBinding[] =>
  Array.from({ length: count }, (_, at) => ({ principal: `person-${at}`, workspace: `team-${at % 50}`, role: ["Viewer", "Editor"][at % 2] ?? "" }))

describe("bundles that a thread packs", () => {
  it("have the bytes of those that none packs, from the first one through changes and deltas", async () => {
    const { bundleSet }: { readonly bundleSet: typeof BundleSetFromSource } = await import(compiled)
    const store = roleBindingStore()
    store.add(rows(20_000))
    let sequence = 1
    const revision = (): string => `00000000.${sequence}`
    const origin: BundleOrigin = { revision, snapshot: () => ({ revision: revision(), profile: "hardened", authzData: {}, bindings: store }) }
    const [inThread, here] = [bundleSet(origin, { workerFrom: 1 }), bundleSet(origin, { workerFrom: Number.POSITIVE_INFINITY })]
    let before = ""
    for (let round = 0; round < 3; round++) {
      for (const name of inThread.names) {
        const [one, other] = await Promise.all([inThread.current(name), here.current(name)])
        expect(one.etag).toBe(other.etag)
        expect(one.bytes.equals(other.bytes)).toBe(true)
      }
      if (round > 0) expect((await inThread.delta("authz", before))?.bytes).toEqual((await here.delta("authz", before))?.bytes)
      before = (await here.current("authz")).etag
      store.apply([{ op: "add", binding: { principal: `new-${round}`, workspace: "team-1", role: "Viewer" } }])
      sequence++
    }
    await inThread.close()
  })
})
