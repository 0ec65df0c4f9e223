import { EventEmitter } from "node:events"
import { describe, expect, it, vi } from "vitest"
import { listenOn } from "../../../src/database/postgres-listener.js"
import type { PostgresClient, PostgresPool } from "../../../src/database/index.js"
import { FakeTimers } from "../source/fake-timers.js"

/** A client whose connection does as it is told. */
class FakeClient extends EventEmitter implements PostgresClient {
  readonly queries: string[] = []
  released: boolean | undefined
  onQuery = async (): Promise<void> => undefined

  async query({ text }: { readonly text: string }): ReturnType<PostgresClient["query"]> {
    this.queries.push(text)
    await this.onQuery()
    return { rows: [] }
  }

  release(broken?: boolean): void {
    if (this.released !== undefined) throw new Error("released twice")
    this.released = broken ?? false
  }
}

/** Listens through clients that it makes. */
function listening(connect: (attempt: number) => FakeClient = () => new FakeClient()) {
  const timers = new FakeTimers()
  const clients: FakeClient[] = []
  let attempts = 0
  let news = 0
  const pool: PostgresPool = {
    connect: async () => {
      const client = connect(++attempts)
      clients.push(client)
      return client
    },
    end: async () => undefined,
  }
  const stop = listenOn(async () => pool, { channel: "c", onNews: () => news++, after: (ms, run) => timers.after(ms, run) })
  return { timers, clients, stop, attempts: () => attempts, news: () => news, last: () => clients.at(-1) ?? new FakeClient() }
}

function failing(): FakeClient {
  throw new Error("down")
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe("listening for notifications", () => {
  it("asks for the channel, and says that there may be news then and at each notification", async () => {
    const { last, news, stop } = listening()
    await vi.waitFor(() => expect([last().queries, news()]).toEqual([["LISTEN c"], 1]))
    last().emit("notification")
    last().emit("notification")
    expect(news()).toBe(3)
    stop()
  })

  it("connects anew when the connection breaks, once, however many signs of it there are", async () => {
    const { last, clients, timers, news, stop } = listening()
    await settled()
    const [first] = clients
    first?.emit("error", new Error("cut"))
    first?.emit("end")
    expect([first?.released, timers.pending()]).toEqual([true, [100]])
    timers.pass(100)
    await settled()
    expect([clients.length, news(), last().queries]).toEqual([2, 3, ["LISTEN c"]])
    first?.emit("error", new Error("late"))
    expect([last().released, timers.pending()]).toEqual([undefined, []])
    stop()
  })

  it("connects anew once when the connection breaks while it asks for the channel", async () => {
    const { clients, timers, stop } = listening(() => {
      const client = new FakeClient()
      client.onQuery = async () => {
        client.emit("error", new Error("cut"))
        throw new Error("cut")
      }
      return client
    })
    await settled()
    expect([clients.map(({ released }) => released), timers.pending()]).toEqual([[true], [100]])
    stop()
  })

  it("waits longer after each failure, up to five seconds, and starts anew once it listens", async () => {
    const { timers, attempts, last, stop } = listening((attempt) => {
      if (attempt <= 9) throw new Error("down")
      return new FakeClient()
    })
    const pauses: number[] = []
    await settled()
    while (attempts() < 10) {
      const [pause = 0, ...others] = timers.pending()
      expect(others).toEqual([])
      pauses.push(pause)
      timers.pass(pause)
      await settled()
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000])
    last().emit("error", new Error("cut"))
    expect(timers.pending()).toEqual([100])
    stop()
  })

  it("ends with its connection, whether that is there, being made, or to be made", async () => {
    const [there, being, toBe] = [listening(), listening(), listening(failing)]
    being.stop()
    await settled()
    there.stop()
    toBe.stop()
    await settled()
    expect([there.last().released, being.last().released, toBe.timers.pending()]).toEqual([true, true, []])
    there.last().emit("error", new Error("late"))
    expect(there.timers.pending()).toEqual([])
  })
})
