import { gunzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { chunker, halvesOf, type Chunk } from "../../../src/decision-log/chunk.js"
import { randomOf } from "../../differential/random.js"

const eventsOf = ({ bytes }: Chunk): readonly unknown[] => {
  const list: unknown = JSON.parse(gunzipSync(bytes).toString())
  return Array.isArray(list) ? list : []
}

describe("chunks", () => {
  it.each(["the same text over and over again ".repeat(10), "noise"])("come near to the limit and never above it (%s)", async (kind) => {
    const next = randomOf(7)
    const limit = 8_192
    const collected = chunker(limit)
    const chunks: Chunk[] = []
    const noise = (): string => Array.from({ length: 40 }, () => next.int(2 ** 30).toString(36)).join("")
    const total = 6_000
    for (let at = 0; at < total; at++)
      if (collected.add(JSON.stringify({ at, text: kind === "noise" ? noise() : kind }))) chunks.push(...(await collected.cut()).chunks)
    chunks.push(...(await collected.cut()).chunks)
    expect(chunks.flatMap(eventsOf)).toMatchObject(Array.from({ length: total }, (_, at) => ({ at })))
    expect(chunks.reduce((sum, { count }) => sum + count, 0)).toBe(total)
    for (const { bytes } of chunks) expect(bytes.length).toBeLessThanOrEqual(limit)
    const settled = chunks.slice(Math.floor(chunks.length / 2), -1)
    const mean = settled.reduce((sum, { bytes }) => sum + bytes.length, 0) / Math.max(1, settled.length)
    expect(mean).toBeGreaterThan(limit * 0.6)
  })

  it("leave out an event that is too large by itself, unless it is its cache of builtins", async () => {
    const next = randomOf(3)
    const noise = Array.from({ length: 2_000 }, () => next.int(2 ** 30).toString(36)).join("")
    const collected = chunker(4_096)
    for (const event of [{ at: 1 }, { at: 2, noise }, { at: 3, nd_builtin_cache: { noise } }]) collected.add(JSON.stringify(event))
    const { chunks, tooLarge } = await collected.cut()
    expect(tooLarge).toBe(1)
    expect(chunks.flatMap(eventsOf)).toEqual([{ at: 1 }, { at: 3 }])
  })

  it("are halved down to one event", async () => {
    const collected = chunker(4_096)
    for (const at of [1, 2, 3]) collected.add(JSON.stringify({ at }))
    const [chunk] = (await collected.cut()).chunks
    const halves = chunk ? await halvesOf(chunk) : []
    expect(halves.map(eventsOf)).toEqual([[{ at: 1 }, { at: 2 }], [{ at: 3 }]])
    const [, single] = halves
    expect(single && (await halvesOf(single))).toEqual([])
  })
})
