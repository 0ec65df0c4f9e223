import { describe, expect, it } from "vitest"
import { spool, type Place } from "../../../src/decision-log/spool.js"
import type { SpoolFolder } from "../../../src/decision-log/spool-folder.js"
import { tally } from "../../../src/decision-log/tally.js"

const chunk = { count: 1, bytes: Buffer.from("x") }

/** A folder that holds so many chunks, of two events each. */
function folderOf(count: number): SpoolFolder & { readonly names: Set<number>; failWith(code: string | undefined): void } {
  const places = Array.from({ length: count }, (_, at): Place => ({ id: at + 1, count: 2, size: 1 }))
  const names = new Set(places.map(({ id }) => id))
  let failure: string | undefined
  return {
    names,
    failWith: (code) => void (failure = code),
    found: () => places,
    write: async ({ id }) => void names.add(id),
    remove: async ({ id }) => void names.delete(id),
    async read({ id }) {
      if (failure !== undefined) throw Object.assign(new Error("no"), { code: failure })
      return names.has(id) ? chunk.bytes : undefined
    },
  }
}

describe("a spool", () => {
  it("begins with however many chunks there are, keeps the latest hundred thousand, and counts the rest", async () => {
    const folder = folderOf(130_000)
    const counted = tally()
    const kept = spool(1_000_000, folder, counted)
    expect(kept.events).toBe(200_000)
    await expect.poll(() => folder.names.size).toBe(100_000)
    expect((await kept.first())?.id).toBe(30_001)
    await kept.put(chunk)
    expect([kept.events, folder.names.has(130_001), counted.counts().spool_full]).toEqual([199_999, true, 60_002])
  })

  it("keeps its chunks while too much is open to read them, and passes over one that cannot be read otherwise", async () => {
    const folder = folderOf(2)
    const counted = tally()
    const kept = spool(1_000, folder, counted)
    folder.failWith("EMFILE")
    await expect(kept.first()).rejects.toMatchObject({ code: "EMFILE" })
    expect(kept.events).toBe(4)
    folder.failWith("EIO")
    expect(await kept.first()).toBeUndefined()
    expect([kept.events, counted.counts().invalid, counted.failures().failures, folder.names.size]).toEqual([0, 4, 2, 2])
  })

  it("does not take back what was uploaded while another chunk was written", async () => {
    const kept = spool(1_000, folderOf(1), tally())
    const first = await kept.first()
    await Promise.all([kept.put(chunk), kept.remove(first?.id ?? 0)])
    expect([kept.events, (await kept.first())?.id]).toEqual([1, 2])
  })
})
