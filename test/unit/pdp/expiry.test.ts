import { describe, expect, it, onTestFinished, vi } from "vitest"
import { createPdp, memorySource, PdpError, type Pdp, type PdpEvents, type PdpOptions, type RoleBinding, type Source } from "../../../src/index.js"
import { bindings, get, models } from "./world.js"

const start = Date.parse("2030-01-31T12:00:00.000Z")
const later = (ms: number): string => new Date(start + ms).toISOString()
const temporary = (ms: number): RoleBinding => ({ principal: "tom", workspace: "ml", role: "Editor", expires_at: later(ms) })

/** A PDP whose time stands still until it is told. */
async function clockedPdp(options: PdpOptions = {}): Promise<{ pdp: Pdp; clock: { now: number }; events: PdpEvents["activation"][] }> {
  const clock = { now: start }
  const events: PdpEvents["activation"][] = []
  const pdp = await createPdp({ authorizationData: models, source: memorySource([...bindings, temporary(5_000)]), now: () => clock.now, ...options })
  pdp.on("activation", (event) => events.push(event))
  return { pdp, clock, events }
}

describe("a binding that expires", () => {
  it.each([
    ["authorize", (pdp: Pdp) => pdp.authorize(get("tom")).allowed],
    ["authorizeMany", (pdp: Pdp) => pdp.authorizeMany([get("tom"), get("ann@example.com")])[0]?.allowed],
    ["hasPermissions", (pdp: Pdp) => pdp.hasPermissions({ principal: { id: "tom" }, workspace: "ml", permissions: ["models.delete"] }).allowed],
    ["hasRole", (pdp: Pdp) => pdp.hasRole({ principal: { id: "tom" }, workspace: "ml", role: "Editor" }).allowed],
    ["explain", (pdp: Pdp) => pdp.explain(get("tom")).allowed],
    ["snapshot", (pdp: Pdp) => [...pdp.snapshot().bindings].some(({ principal }) => principal === "tom")],
    ["whatIf", (pdp: Pdp) => pdp.whatIf([...pdp.snapshot().bindings]).authorize(get("tom")).allowed],
  ])("does not decide from that millisecond on, without a refresh: %s", async (_, ask) => {
    const { pdp, clock } = await clockedPdp()
    clock.now = start + 4_999
    expect(ask(pdp)).toBe(true)
    clock.now = start + 5_000
    expect(ask(pdp)).toBe(false)
    expect(pdp.authorize(get("ann@example.com")).allowed).toBe(true)
    await pdp.close()
  })

  it("makes one activation, which counts, and a revision of its own where the PDP counts them", async () => {
    const { pdp, clock, events } = await clockedPdp()
    const before = Number(pdp.revision().split(".")[1])
    const reached = pdp.atLeast(`${pdp.revision().split(".")[0]}.${before + 1}`)
    clock.now = start + 5_000
    expect(pdp.authorize(get("tom")).revision).toBe(pdp.revision())
    await reached
    pdp.authorize(get("tom"))
    expect(events).toEqual([{ revision: pdp.revision(), cause: "expiry", changes: 1 }])
    expect(Number(pdp.revision().split(".")[1])).toBe(before + 1)
    expect(pdp.status()).toMatchObject({ ready: true, bindings: bindings.length })
    await pdp.close()
  })

  it("is not kept alive by the decision cache", async () => {
    const { pdp, clock } = await clockedPdp({ cache: {} })
    expect([pdp.authorize(get("tom")).allowed, pdp.authorize(get("tom")).allowed]).toEqual([true, true])
    clock.now = start + 5_000
    expect(pdp.authorize(get("tom")).allowed).toBe(false)
    await pdp.close()
  })

  it("is not kept alive by the decision cache where the source gives the revisions, which stay the same", async () => {
    const { source } = numbered([temporary(5_000)])
    const { pdp, clock } = await clockedPdp({ cache: {}, source })
    expect(pdp.authorize(get("tom"))).toEqual({ allowed: true, revision: "0a0b0c0d.1" })
    clock.now = start + 5_000
    expect(pdp.authorize(get("tom"))).toEqual({ allowed: false, revision: "0a0b0c0d.1" })
    await pdp.close()
  })

  it("stays when its expiry is put off, and goes when it is brought forward", async () => {
    const source = memorySource([temporary(5_000)])
    const { pdp, clock } = await clockedPdp({ source })
    source.add(temporary(9_000))
    await pdp.refresh()
    clock.now = start + 8_999
    expect(pdp.authorize(get("tom")).allowed).toBe(true)
    source.add(temporary(1_000))
    await pdp.refresh()
    expect(pdp.authorize(get("tom")).allowed).toBe(false)
    await pdp.close()
  })

  it("does not come back by a refresh", async () => {
    const source = memorySource([temporary(5_000)])
    const { pdp, clock } = await clockedPdp({ source })
    clock.now = start + 5_000
    source.add({ principal: "zoe", workspace: "ml", role: "Viewer" })
    await pdp.refresh()
    expect([pdp.authorize(get("tom")).allowed, pdp.authorize(get("zoe")).allowed]).toEqual([false, true])
    await pdp.close()
  })
})

describe("maxStalenessSeconds", () => {
  it("refuses decisions when the source has not answered for longer, and makes them again when it answers", async () => {
    const { source, fail } = numbered(bindings)
    const { pdp, clock } = await clockedPdp({ source, maxStalenessSeconds: 60 })
    fail("the line is cut")
    await expect(pdp.refresh()).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
    clock.now = start + 60_000
    expect(pdp.authorize(get("ann@example.com")).allowed).toBe(true)
    clock.now = start + 60_001
    for (const ask of [() => pdp.authorize(get("ann@example.com")), () => pdp.whatIf([]), () => pdp.snapshot(), () => pdp.revision()])
      expect(ask).toThrow(expect.objectContaining({ code: "ERR_PDP_STALE", message: expect.stringContaining("the line is cut") }))
    expect(pdp.status()).toMatchObject({ ready: false, sources: [{ ageSeconds: 60.001, failing: { message: "the line is cut" } }] })
    fail(undefined)
    await pdp.refresh()
    expect(pdp.authorize(get("ann@example.com")).allowed).toBe(true)
    expect(pdp.status().ready).toBe(true)
    await pdp.close()
  })

  it("says that the source is silent when nothing failed, whatever failed before", async () => {
    const { source, fail } = numbered(bindings)
    const { pdp, clock } = await clockedPdp({ source, maxStalenessSeconds: 60 })
    fail("the line is cut")
    await expect(pdp.refresh()).rejects.toThrow("the line is cut")
    fail(undefined)
    await pdp.refresh()
    clock.now = start + 61_000
    expect(() => pdp.authorize(get("ann@example.com"))).toThrow(
      "61 s old, and at most 60 s are allowed (max_staleness_seconds, maxStalenessSeconds): the source has not answered since",
    )
    await pdp.close()
  })

  it("does not matter before the first answer: the PDP is not ready then, and says why", async () => {
    const { source, fail } = numbered(bindings)
    fail("no route to it")
    const { pdp, clock } = await clockedPdp({ source, maxStalenessSeconds: 60 })
    clock.now = start + 61_000
    expect(() => pdp.authorize(get("ann@example.com"))).toThrow(
      expect.objectContaining({ code: "ERR_PDP_NOT_READY", message: "role bindings have not been loaded yet: no route to it" }),
    )
    await pdp.close()
  })

  it("lets old data decide for ever when it is not set", async () => {
    const { source, fail } = numbered(bindings)
    const { pdp, clock } = await clockedPdp({ source })
    fail("the line is cut")
    await expect(pdp.refresh()).rejects.toThrow()
    clock.now = start + 365 * 86_400_000
    expect(pdp.authorize(get("ann@example.com")).allowed).toBe(true)
    await pdp.close()
  })

  it("makes the PDP ask its source often enough, whatever refreshSeconds is", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    onTestFinished(() => void vi.useRealTimers())
    const { source } = numbered(bindings)
    const read = vi.spyOn(source, "read")
    const { pdp, clock } = await clockedPdp({ source, refreshSeconds: 3_600, maxStalenessSeconds: 3 })
    clock.now = start + 3_001
    expect(() => pdp.authorize(get("ann@example.com"))).toThrow(expect.objectContaining({ code: "ERR_PDP_STALE" }))
    await vi.advanceTimersByTimeAsync(1_100)
    expect(read).toHaveBeenCalledTimes(2)
    expect(pdp.authorize(get("ann@example.com")).allowed).toBe(true)
    await pdp.close()
  })

  it.each([0, -1, Number.NaN])("cannot be %d", async (maxStalenessSeconds) => {
    await expect(createPdp({ authorizationData: models, source: memorySource(), maxStalenessSeconds })).rejects.toMatchObject({
      code: "ERR_CONFIG_INVALID",
    })
  })
})

/** A source that numbers its one state itself, and fails when told. */
function numbered(held: readonly RoleBinding[]): { source: Source; fail: (message: string | undefined) => void } {
  let failure: string | undefined
  const source: Source = {
    name: "numbered",
    read: async (after) => {
      if (failure !== undefined) throw new PdpError("ERR_SOURCE_UNAVAILABLE", failure)
      if (after === "1") return { kind: "unchanged" }
      return { kind: "snapshot", position: "1", revision: { epoch: "0a0b0c0d", sequence: 1 }, pages: onePage(held) }
    },
    close: async () => undefined,
  }
  return { source, fail: (message) => void (failure = message) }
}

async function* onePage(page: readonly RoleBinding[]): AsyncGenerator<readonly RoleBinding[]> {
  yield page
}
