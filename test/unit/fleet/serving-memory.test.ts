import { describe, expect, it } from "vitest"
import { servingMemory } from "../../../src/fleet/index.js"
import { testClock } from "./clock.js"

function memoryAt() {
  const clock = testClock()
  const memory = servingMemory(clock.now)
  const arrives = (from: string | undefined, connection = 1, client = "a") => memory.arrived(client, "authz", from, connection)
  const serve = (from: string | undefined, etag: string, { isDelta = false, connection = 1, client = "a" } = {}) =>
    memory.served(client, "authz", { from, etag, isDelta, connection })
  return { clock, arrives, serve }
}

describe("who asks on the same connection for what it was just sent", () => {
  it("is held for 1, 2, 4 … 30 seconds since it was sent", () => {
    const { clock, arrives, serve } = memoryAt()
    expect(arrives("t1")).toEqual({ mayDelta: true })
    serve("t1", "t2")
    for (const ms of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      expect(arrives("t1")).toEqual({ mayDelta: true, hold: { etag: "t2", ms } })
      clock.advance(ms)
      serve("t1", "t2")
    }
  })

  it("is not held when it takes its time, as plain polling does", () => {
    const { clock, arrives, serve } = memoryAt()
    for (let round = 0; round < 10; round++) {
      expect(arrives("t1")).toEqual({ mayDelta: true })
      serve("t1", "t2")
      clock.advance(60_000)
    }
  })

  it("begins anew once it runs it", () => {
    const { arrives, serve } = memoryAt()
    serve("t1", "t2")
    expect(arrives("t1").hold?.ms).toBe(1_000)
    serve("t1", "t2")
    expect(arrives("t2")).toEqual({ mayDelta: true })
    serve("t2", "t3")
    expect(arrives("t2").hold?.ms).toBe(1_000)
  })

  it("is held without a tag, too: it never had one that worked", () => {
    const { arrives, serve } = memoryAt()
    expect(arrives(undefined).hold).toBeUndefined()
    serve(undefined, "t2")
    expect(arrives(undefined).hold?.ms).toBe(1_000)
  })
})

describe("who asks on other connections", () => {
  it("may be several, and is held from the 17th repetition on", () => {
    const { arrives, serve } = memoryAt()
    serve("t1", "t2", { connection: 0 })
    for (let connection = 1; connection <= 16; connection++) {
      expect(arrives("t1", connection).hold).toBeUndefined()
      serve("t1", "t2", { connection })
    }
    expect(arrives("t1", 17).hold?.ms).toBe(1_000)
  })

  it("is another client when it is one", () => {
    const { arrives, serve } = memoryAt()
    serve("t1", "t2")
    expect(arrives("t1", 1, "b")).toEqual({ mayDelta: true })
  })
})

describe("a delta", () => {
  it("that could not be used is followed by none for a minute, then two, and so on until one works", () => {
    const { clock, arrives, serve } = memoryAt()
    for (const minutes of [1, 2, 4]) {
      serve("t1", "t2", { isDelta: true })
      expect(arrives("t1")).toEqual({ mayDelta: false })
      serve("t1", "t2")
      expect(arrives("t2").mayDelta).toBe(false)
      clock.advance(minutes * 60_000 - 1)
      expect(arrives("t2").mayDelta).toBe(false)
      clock.advance(1)
      expect(arrives("t2").mayDelta).toBe(true)
    }
    serve("t1", "t2", { isDelta: true })
    expect(arrives("t2").mayDelta).toBe(true)
    serve("t1", "t2", { isDelta: true })
    arrives("t1")
    clock.advance(60_000)
    expect(arrives("t2").mayDelta).toBe(true)
  })

  it("that could not be used costs no wait for the whole bundle", () => {
    const { arrives, serve } = memoryAt()
    serve("t1", "t2", { isDelta: true })
    expect(arrives("t1").hold).toBeUndefined()
  })
})

it("remembers 10,000 clients", () => {
  const { arrives, serve } = memoryAt()
  for (let client = 0; client <= 10_000; client++) serve("t1", "t2", { client: String(client) })
  expect(arrives("t1", 1, "0").hold).toBeUndefined()
  expect(arrives("t1", 1, "1").hold).toBeDefined()
})
