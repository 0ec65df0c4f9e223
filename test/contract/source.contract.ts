import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { RoleBinding, RoleBindingChange } from "../../src/model/role-binding.js"
import type { Source, SourceChanges, SourcePosition, SourceRead } from "../../src/source/index.js"

/** One source under test, and the hand that writes behind it. */
export interface SourceUnderTest {
  /** Holds no bindings yet. */
  readonly source: Source
  /** Writes changes, in this order. */
  write(changes: readonly RoleBindingChange[]): Promise<void>
  /** Makes the data invalid. Left out by sources that cannot hold invalid data. */
  spoil?(): Promise<void>
  /** Undoes `spoil`. */
  mend?(): Promise<void>
  cleanUp(): Promise<void>
}

/**
 * What every source of role bindings must do.
 *
 * @param create a new source with nothing in it
 * @param cannot what this kind of source has no way to do
 */
export function describeSource(name: string, create: () => Promise<SourceUnderTest>, cannot: readonly ("hold invalid data" | "push")[] = []): void {
  describe(`${name}, as a source`, () => {
    let tested: SourceUnderTest
    beforeEach(async () => {
      tested = await create()
    })
    afterEach(async () => {
      await tested.source.close()
      await tested.cleanUp()
    })

    it("answers a snapshot first", async () => {
      await tested.write([add("ann", "ml", "Viewer"), add("ann", "ml", "Admin"), add("*", "system", "Viewer")])
      const read = await tested.source.read(undefined, open)
      expect(read.kind).toBe("snapshot")
      const reader = new Reader(tested.source)
      await reader.catchUp()
      expect(reader.bindings()).toEqual(listed(["ann", "ml", "Viewer"], ["ann", "ml", "Admin"], ["*", "system", "Viewer"]))
    })

    it("answers an empty snapshot while there are no bindings", async () => {
      const reader = new Reader(tested.source)
      expect(await reader.catchUp()).toBe("snapshot")
      expect(reader.bindings()).toEqual([])
    })

    it("answers unchanged while nothing happens", async () => {
      await tested.write([add("ann", "ml", "Viewer")])
      const reader = new Reader(tested.source)
      await reader.catchUp()
      expect(await reader.catchUp()).toBe("unchanged")
      expect(await reader.catchUp()).toBe("unchanged")
    })

    it("shows what was added and removed since the position", async () => {
      await tested.write([add("ann", "ml", "Viewer"), add("bob", "ml", "Viewer")])
      const reader = new Reader(tested.source)
      await reader.catchUp()
      await tested.write([remove("bob", "ml", "Viewer"), add("eve", "web", "Admin")])
      expect(await reader.catchUp()).not.toBe("unchanged")
      expect(reader.bindings()).toEqual(listed(["ann", "ml", "Viewer"], ["eve", "web", "Admin"]))
    })

    it("shows that the last binding was removed", async () => {
      await tested.write([add("ann", "ml", "Viewer")])
      const reader = new Reader(tested.source)
      await reader.catchUp()
      await tested.write([remove("ann", "ml", "Viewer")])
      await reader.catchUp()
      expect(reader.bindings()).toEqual([])
    })

    it("shows a change of the same length right after a read", async () => {
      await tested.write([add("ann", "ml", "Viewer")])
      const reader = new Reader(tested.source)
      for (const role of ["Editor", "Viewer", "Editor", "Viewer", "Editor"]) {
        await reader.catchUp()
        await tested.write([remove("ann", "ml", role === "Editor" ? "Viewer" : "Editor"), add("ann", "ml", role)])
        await reader.catchUp()
        expect(reader.bindings()).toEqual(listed(["ann", "ml", role]))
      }
    })

    it("keeps the order of changes, so that the last word stands", async () => {
      const reader = new Reader(tested.source)
      await reader.catchUp()
      await tested.write([add("ann", "ml", "Viewer"), remove("ann", "ml", "Viewer"), add("bob", "ml", "Viewer")])
      await tested.write([remove("bob", "ml", "Viewer"), add("ann", "ml", "Viewer")])
      await reader.catchUp()
      expect(reader.bindings()).toEqual(listed(["ann", "ml", "Viewer"]))
    })

    it("leads to the same state when the same position is read twice", async () => {
      await tested.write([add("ann", "ml", "Viewer")])
      const reader = new Reader(tested.source)
      await reader.catchUp()
      const { position } = reader
      await tested.write([add("bob", "ml", "Viewer"), remove("ann", "ml", "Viewer")])
      await reader.catchUp()
      reader.position = position
      await reader.catchUp()
      expect(reader.bindings()).toEqual(listed(["bob", "ml", "Viewer"]))
    })

    it("serves several readers, each from where it stands", async () => {
      const [early, late] = [new Reader(tested.source), new Reader(tested.source)]
      await early.catchUp()
      await tested.write([add("ann", "ml", "Viewer")])
      await late.catchUp()
      await tested.write([add("bob", "ml", "Viewer")])
      await early.catchUp()
      await late.catchUp()
      expect(early.bindings()).toEqual(listed(["ann", "ml", "Viewer"], ["bob", "ml", "Viewer"]))
      expect(late.bindings()).toEqual(early.bindings())
    })

    it.each(["", "0", "1", "no position of this source", "00000000-0000-4000-8000-000000000000:1"])(
      "answers a snapshot after the foreign position %j",
      async (foreign) => {
        await tested.write([add("ann", "ml", "Viewer")])
        const reader = new Reader(tested.source)
        await reader.catchUp()
        reader.position = foreign
        expect(await reader.catchUp()).toBe("snapshot")
        expect(reader.bindings()).toEqual(listed(["ann", "ml", "Viewer"]))
      },
    )

    it("rejects a read that is aborted before it begins", async () => {
      await expect(tested.source.read(undefined, AbortSignal.abort())).rejects.toMatchObject({ name: "PdpError", code: "ERR_SOURCE_UNAVAILABLE" })
    })

    it("ends the pages with an error when the read is aborted half-way", async () => {
      await tested.write(many(5_000))
      const abort = new AbortController()
      const pages = await snapshotPages(tested.source.read(undefined, abort.signal))
      const drained = (async () => {
        for await (const _ of pages) abort.abort()
      })()
      await expect(drained).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    })

    it("lets a reader abandon the pages half-way and begin again", async () => {
      await tested.write(many(5_000))
      for await (const page of await snapshotPages(tested.source.read(undefined, open))) {
        expect(page.length).toBeGreaterThan(0)
        break
      }
      const reader = new Reader(tested.source)
      await reader.catchUp()
      expect(reader.bindings()).toHaveLength(5_000)
    })

    it("hands out large states in several pages", async () => {
      await tested.write(many(12_000))
      const sizes: number[] = []
      for await (const page of await snapshotPages(tested.source.read(undefined, open))) sizes.push(page.length)
      expect(sizes.length).toBeGreaterThan(1)
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(12_000)
    })

    it("hands out a consistent snapshot, or none, when data change between its pages", async () => {
      await tested.write(many(5_000))
      const before = await tested.source.read(undefined, open)
      const seen = new Set<string>()
      const drained = (async () => {
        for await (const page of await snapshotPages(before)) {
          if (seen.size === 0) await tested.write(many(5_000).map(({ binding }) => ({ op: "remove", binding })))
          for (const binding of page) seen.add(JSON.stringify(binding))
        }
      })()
      await drained.catch((thrown: unknown) => expect(thrown).toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" }))
      const reader = new Reader(tested.source)
      await reader.catchUp()
      expect(reader.bindings()).toEqual([])
    })

    it("hands out what changed while the pages were read, or a consistent snapshot", async () => {
      await tested.write(many(5_000))
      const reader = new Reader(tested.source)
      const half = many(2_500).map(({ binding }): RoleBindingChange => ({ op: "remove", binding }))
      await reader.catchUp(() => tested.write([...half, add("late", "ml", "Viewer")])).catch(() => reader.catchUp())
      await reader.catchUp()
      expect(reader.bindings()).toHaveLength(2_501)
    })

    it("keeps when a binding expires", async () => {
      const binding = { principal: "ann", workspace: "ml", role: "Viewer", expires_at: "2040-01-31T12:00:00.000Z" }
      await tested.write([{ op: "add", binding }])
      const reader = new Reader(tested.source)
      await reader.catchUp()
      expect(reader.expiries()).toEqual([binding.expires_at])
    })

    it("shows when a binding expires sooner, later, or no longer", async () => {
      const viewer = { principal: "ann", workspace: "ml", role: "Viewer" }
      const reader = new Reader(tested.source)
      for (const expires_at of [undefined, "2040-01-31T12:00:00.000Z", "2039-01-31T12:00:00.000Z", "2041-01-31T12:00:00.000Z", undefined]) {
        await tested.write([{ op: "add", binding: { ...viewer, ...(expires_at && { expires_at }) } }])
        await reader.catchUp()
        expect(reader.expiries()).toEqual([expires_at])
      }
    })

    it.each([
      "Zoë Åström",
      "日本語",
      "😀",
      'quote"d',
      "back\\slash",
      "line\nbreak",
      "tab\t",
      "__proto__",
      "constructor",
      "a: b # c",
      "- x",
      "null",
      "1",
      "true",
      "~",
      " padded ",
    ])("keeps the name %j as it is", async (text) => {
      await tested.write([add(text, text, text)])
      const reader = new Reader(tested.source)
      await reader.catchUp()
      expect(reader.bindings()).toEqual(listed([text, text, text]))
    })

    it("rejects reads once it is closed, however often", async () => {
      await tested.source.close()
      await tested.source.close()
      await expect(tested.source.read(undefined, open)).rejects.toMatchObject({ name: "PdpError", code: "ERR_CLOSED" })
    })

    it("has a name for people", () => {
      expect(tested.source.name.length).toBeGreaterThan(0)
    })

    if (!cannot.includes("hold invalid data"))
      it("rejects invalid data as a whole, and recovers when they are mended", async () => {
        await tested.write([add("ann", "ml", "Viewer")])
        const reader = new Reader(tested.source)
        await reader.catchUp()
        await tested.write([add("bob", "ml", "Viewer")])
        await tested.spoil?.()
        await expect(reader.catchUp()).rejects.toMatchObject({ name: "PdpError", code: "ERR_SOURCE_UNAVAILABLE" })
        expect(reader.bindings()).toEqual(listed(["ann", "ml", "Viewer"]))
        await tested.mend?.()
        await reader.catchUp()
        expect(reader.bindings()).toEqual(listed(["ann", "ml", "Viewer"], ["bob", "ml", "Viewer"]))
      })

    if (!cannot.includes("push"))
      it("pushes when there is news", async () => {
        const reader = new Reader(tested.source)
        await reader.catchUp()
        const news = nextNews(tested.source)
        await tested.write([add("ann", "ml", "Viewer")])
        await news
        await reader.catchUp()
        expect(reader.bindings()).toEqual(listed(["ann", "ml", "Viewer"]))
      })

    if (!cannot.includes("push"))
      it("pushes no more to a subscription that has ended, and still to the others", async () => {
        let calls = 0
        const unsubscribe = tested.source.subscribe?.(() => calls++)
        unsubscribe?.()
        unsubscribe?.()
        const news = nextNews(tested.source)
        await tested.write([add("ann", "ml", "Viewer")])
        await news
        expect(calls).toBe(0)
      })
  })
}

const open = new AbortController().signal

/** Follows a source as a PDP does, with a plain map for a store. */
class Reader {
  readonly #source: Source
  #bindings = new Map<string, RoleBinding>()
  position: SourcePosition | undefined

  constructor(source: Source) {
    this.#source = source
  }

  /** @param midway runs after the first page @returns what the source answered */
  async catchUp(midway?: () => Promise<void>): Promise<SourceRead["kind"]> {
    const read = await this.#source.read(this.position, open)
    if (read.kind === "unchanged") return read.kind
    if (read.kind === "changes") this.#apply(this.#bindings, read)
    if (read.kind === "snapshot") {
      const next = new Map<string, RoleBinding>()
      let pages = 0
      for await (const page of read.pages) {
        for (const binding of page) next.set(rowOf(binding), binding)
        if (++pages === 1) await midway?.()
      }
      this.#apply(next, (await read.finish?.()) ?? { ...read, kind: "changes", changes: [] })
    }
    return read.kind
  }

  #apply(bindings: ReadonlyMap<string, RoleBinding>, { changes, position }: SourceChanges): void {
    const next = new Map(bindings)
    for (const { op, binding } of changes) {
      if (op === "add") next.set(rowOf(binding), binding)
      else next.delete(rowOf(binding))
    }
    this.#bindings = next
    this.position = position
  }

  expiries(): readonly (string | undefined)[] {
    return Array.from(this.#bindings.values(), ({ expires_at }) => expires_at)
  }

  bindings(): readonly string[] {
    return Array.from(this.#bindings.values(), rowOf).sort()
  }
}

function nextNews(source: Source): Promise<void> {
  return new Promise((resolve) => {
    if (!source.subscribe) throw new TypeError(`${source.name} cannot push`)
    source.subscribe(resolve)
  })
}

async function snapshotPages(reading: SourceRead | Promise<SourceRead>): Promise<AsyncIterable<readonly RoleBinding[]>> {
  const read = await reading
  if (read.kind !== "snapshot") throw new TypeError(`a snapshot is due, not ${read.kind}`)
  return read.pages
}

function listed(...bindings: readonly (readonly [principal: string, workspace: string, role: string])[]): readonly string[] {
  return bindings.map(([principal, workspace, role]) => rowOf({ principal, workspace, role })).sort()
}

function rowOf({ principal, workspace, role }: RoleBinding): string {
  return JSON.stringify([principal, workspace, role])
}

function many(count: number): readonly RoleBindingChange[] {
  return Array.from({ length: count }, (_, at) => add(`p${at}`, `w${at % 50}`, "Viewer"))
}

function add(principal: string, workspace: string, role: string): RoleBindingChange {
  return { op: "add", binding: { principal, workspace, role } }
}

function remove(principal: string, workspace: string, role: string): RoleBindingChange {
  return { op: "remove", binding: { principal, workspace, role } }
}
