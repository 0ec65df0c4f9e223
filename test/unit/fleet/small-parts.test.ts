import { describe, expect, it } from "vitest"
import { readPreferences, tokenDigest, tokenTable, transferSlots, type TokenEntry } from "../../../src/fleet/index.js"

describe("Prefer", () => {
  it.each([
    [undefined, { takesDelta: false }],
    ["modes=snapshot,delta", { takesDelta: true }],
    ["modes=snapshot,delta;wait=30", { takesDelta: true, waitSeconds: 30 }],
    ["modes=snapshot;wait=5", { takesDelta: false, waitSeconds: 5 }],
    ['wait=10, modes="snapshot,delta"', { takesDelta: true, waitSeconds: 10 }],
    ["Wait = 7", { takesDelta: false, waitSeconds: 7 }],
    ["wait=-1", { takesDelta: false }],
    ["wait=1x", { takesDelta: false }],
    ["await=3", { takesDelta: false }],
    ["wait=", { takesDelta: false }],
    ["modes=deltas", { takesDelta: false }],
  ])("%j says %j", (prefer, preferences) => {
    expect(readPreferences(prefer)).toEqual(preferences)
  })
})

describe("a table of tokens", () => {
  const entry = (name: string, ...values: readonly string[]): TokenEntry => ({
    name,
    allow: new Set(["bundle"]),
    bundles: undefined,
    digests: () => values.map(tokenDigest),
  })

  it("finds who has a value, one of two while they are exchanged", () => {
    const find = tokenTable([entry("a", "first", "second"), entry("b", "third")])
    expect(["first", "second", "third", "fourth", ""].map((value) => find(value)?.name)).toEqual(["a", "a", "b", undefined, undefined])
  })

  it("asks for the values each time", () => {
    let values = ["old"]
    const find = tokenTable([{ ...entry("a"), digests: () => values.map(tokenDigest) }])
    expect(find("new")).toBeUndefined()
    values = ["new"]
    expect([find("new")?.name, find("old")]).toEqual(["a", undefined])
  })
})

const here = new AbortController().signal

describe("transfer slots", () => {
  it("let each client have so many at a time, and the next one when one is given back, once", async () => {
    const slots = transferSlots(2, 10)
    const [first] = await Promise.all([slots.take("a", here), slots.take("a", here)])
    let taken = 0
    const waiting = [slots.take("a", here), slots.take("a", here)].map((one) => one.then(() => taken++))
    await slots.take("b", here)
    expect(taken).toBe(0)
    first?.()
    first?.()
    await waiting[0]
    expect(taken).toBe(1)
  })

  it("let all clients together have so many, and forget who is gone", async () => {
    const slots = transferSlots(2, 3)
    const [first] = await Promise.all(["a", "a", "b"].map((key) => slots.take(key, here)))
    const leaving = new AbortController()
    const gone = slots.take("c", leaving.signal)
    const next = slots.take("d", here)
    leaving.abort()
    ;(await gone)()
    first?.()
    ;(await next)()
    expect(await slots.take("a", here)).toBeTypeOf("function")
  })
})
