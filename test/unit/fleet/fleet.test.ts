import { describe, expect, it } from "vitest"
import {
  createFleet,
  fleetBarrier,
  memberState,
  publishedStates,
  readStatusReport,
  type FleetClient,
  type StatusReport,
} from "../../../src/fleet/index.js"
import { testClock } from "./clock.js"

const client: FleetClient = { who: "token opas", address: "10.0.0.1", userAgent: "Open Policy Agent/1.20.2" }
const ten = 10_000

function report(id: string, revision: string | undefined, more: object = {}): StatusReport {
  const read = readStatusReport({ labels: { id, version: "1.20.2" }, bundles: { authz: { active_revision: revision, ...more } } })
  if (!read) throw new Error("no report")
  return read
}

function fleetAt({ mostMembers = 1_000 } = {}) {
  const clock = testClock()
  const published = publishedStates(clock.now)
  const fleet = createFleet({ published, bundles: ["authz", "authz-roles", "authz-policy"], now: clock.now, mostMembers })
  const publish = (sequence: number, name = "authz", changed = sequence) => {
    published.activated(revisionOf(sequence))
    published.note(name, { revision: revisionOf(changed), etag: tagOf(changed) }, revisionOf(sequence))
  }
  const states = () => fleet.members().map((member) => [member.id, memberState(member, published)])
  const barrier = fleetBarrier({ fleet, publish: async () => undefined, timers: clock.timers })
  /** Waits, and says how it ended; `undefined` as long as it has not. */
  const wait = (sequence: number, signal = new AbortController().signal) => {
    const result: { missing?: readonly string[]; waitedFor?: number } = {}
    const done = barrier(revisionOf(sequence), { timeoutMs: ten, signal }).then(({ missing, waitedFor }) => {
      result.missing = missing.map(({ id }) => id)
      result.waitedFor = waitedFor
    })
    return { result, done }
  }
  return { clock, published, fleet, publish, states, barrier, wait }
}

function revisionOf(sequence: number): string {
  return `0000000a.${sequence}`
}

function tagOf(sequence: number): string {
  return `"tag-${sequence}"`
}

/** Lets everything happen that is due in this and the next turn of the event loop. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe("a client that does not report", () => {
  it("runs what its polls say, and only that", () => {
    const { fleet, publish, states } = fleetAt()
    publish(1)
    fleet.polled(client, "authz", undefined, 30_000)
    expect(states()).toEqual([[`${client.address} ${client.userAgent}`, "starting"]])
    fleet.polled(client, "authz", tagOf(1), 30_000)
    expect(states()[0]?.[1]).toBe("current")
    publish(2)
    expect(states()[0]?.[1]).toBe("behind")
    fleet.polled(client, "authz", '"unknown"', 30_000)
    expect(states()[0]?.[1]).toBe("starting")
  })

  it("and may be several OPAs is not current before all that were served have come back", () => {
    const { fleet, publish, states } = fleetAt()
    publish(1)
    const polls = [1, 2].map(() => fleet.polled(client, "authz", tagOf(1), 30_000))
    publish(2)
    for (const poll of polls) poll.served(tagOf(2))
    fleet.polled(client, "authz", tagOf(2), 30_000)
    expect(states()[0]?.[1]).toBe("behind")
    fleet.polled(client, "authz", tagOf(2), 30_000)
    expect(states()[0]?.[1]).toBe("current")
  })

  it("is current when each of its bundles is, though they changed at different revisions", () => {
    const { fleet, publish, states } = fleetAt()
    publish(1, "authz-policy", 1)
    publish(5, "authz-roles", 5)
    fleet.polled(client, "authz-policy", tagOf(1), 30_000)
    fleet.polled(client, "authz-roles", tagOf(5), 30_000)
    expect(states()[0]?.[1]).toBe("behind")
    publish(5, "authz-policy", 1)
    expect(states()[0]?.[1]).toBe("current")
  })
})

describe("who is lost", () => {
  it("is whoever polls long and was silent for longer than it wanted to wait, and some", () => {
    const { clock, fleet, publish, states } = fleetAt()
    publish(1)
    fleet.polled(client, "authz", tagOf(1), 30_000)
    clock.advance(45_000)
    expect(states()[0]?.[1]).toBe("current")
    clock.advance(1)
    expect(states()[0]?.[1]).toBe("lost")
    clock.advance(3_600_000)
    expect(states()).toEqual([])
  })

  it("is nobody whose poll is held here, and whoever hung up three seconds ago", () => {
    const { clock, fleet, publish, states } = fleetAt()
    publish(1)
    const release = fleet.polled(client, "authz", tagOf(1), 30_000).held()
    clock.advance(100_000)
    expect(states()[0]?.[1]).toBe("current")
    release("hungUp")
    clock.advance(3_000)
    expect(states()[0]?.[1]).toBe("current")
    clock.advance(1)
    expect(states()[0]?.[1]).toBe("lost")
    fleet.polled(client, "authz", tagOf(1), 30_000)
    expect(states()[0]?.[1]).toBe("current")
  })

  it("is, of those that poll plainly, whoever was silent for two and a half times as long as ever", () => {
    const { clock, fleet, publish, states } = fleetAt()
    publish(1)
    for (let round = 0; round < 4; round++) {
      fleet.polled(client, "authz", tagOf(1), 0)
      clock.advance(60_000)
    }
    clock.advance(90_000)
    expect(states()[0]?.[1]).toBe("current")
    clock.advance(1)
    expect(states()[0]?.[1]).toBe("lost")
  })

  it("is gone, without an error, when it said that it ends; and forgotten when another one comes in its place", () => {
    const { clock, fleet, publish, states } = fleetAt()
    publish(1)
    const release = fleet.polled(client, "authz", tagOf(1), 30_000).held()
    fleet.reported(client, report("old", revisionOf(1)))
    release("hungUp")
    const cause = 'request failed: Get "http://127.0.0.1:8181/bundles/authz.tar.gz": context canceled'
    fleet.reported(client, report("old", revisionOf(1), { code: "bundle_error", message: cause }))
    expect(states()).toEqual([["old", "current"]])
    clock.advance(3_001)
    expect(states()).toEqual([["old", "gone"]])
    expect(fleet.members()[0]?.bundles[0]?.error).toBeUndefined()
    fleet.polled(client, "authz", undefined, 30_000)
    fleet.reported(client, report("new", undefined))
    expect(states().map(([id]) => id)).toEqual(["new"])
  })

  it("is nobody who started anew: the old process is replaced by the new one", () => {
    const { clock, fleet, publish, states } = fleetAt()
    publish(1)
    const release = fleet.polled(client, "authz", tagOf(1), 30_000).held()
    fleet.reported(client, report("old", revisionOf(1)))
    clock.advance(1_000)
    release("hungUp")
    clock.advance(10)
    fleet.polled(client, "authz", undefined, 30_000)
    fleet.reported(client, report("new", revisionOf(1)))
    expect(states()).toEqual([["new", "current"]])
  })
})

describe("an OPA that reports", () => {
  it("is itself, however many share its address and token", () => {
    const { fleet, publish, states } = fleetAt()
    publish(1)
    publish(2)
    fleet.polled(client, "authz", tagOf(2), 30_000)
    fleet.reported(client, report("a", revisionOf(2)))
    fleet.reported(client, report("b", revisionOf(1)))
    expect(states()).toEqual([
      ["a", "current"],
      ["b", "behind"],
    ])
  })

  it("may have a name of its own for the bundle", () => {
    const { fleet, publish, states } = fleetAt()
    publish(1)
    fleet.polled(client, "authz", undefined, 30_000)
    const read = readStatusReport({ labels: { id: "a" }, bundles: { mine: { active_revision: revisionOf(1) } } })
    if (read) fleet.reported(client, read)
    expect(states()).toEqual([["a", "current"]])
  })

  it("says why it fails, until it does not", () => {
    const { fleet, publish, states } = fleetAt()
    publish(1)
    fleet.reported(client, report("a", revisionOf(1), { code: "bundle_error", message: "no" }))
    expect(states()).toEqual([["a", "failing"]])
    expect(fleet.members()[0]?.bundles[0]?.error).toEqual({ code: "bundle_error", message: "no", httpCode: undefined })
    fleet.reported(client, report("a", revisionOf(1)))
    expect(states()).toEqual([["a", "current"]])
  })

  it("is one of a thousand of its token; lost ones make room, others do not, and that is said", () => {
    const { clock, fleet, publish } = fleetAt({ mostMembers: 3 })
    publish(1)
    for (const id of ["a", "b", "c"]) fleet.reported(client, report(id, revisionOf(1)))
    fleet.reported(client, report("d", revisionOf(1)))
    expect([fleet.members().length, fleet.hasUntracked()]).toEqual([3, true])
    fleet.reported({ ...client, who: "token others" }, report("d", revisionOf(1)))
    expect(fleet.members().length).toBe(4)
    clock.advance(1_000_000)
    fleet.reported(client, report("e", revisionOf(1)))
    expect([
      fleet
        .members()
        .filter(({ isLost }) => !isLost)
        .map(({ id }) => id),
      fleet.hasUntracked(),
    ]).toEqual([["e"], false])
  })
})

describe("the barrier", () => {
  it("is there at once when nobody is known, and when all run the revision or a later one", async () => {
    const { fleet, publish, wait } = fleetAt()
    publish(1)
    const nobody = wait(1)
    await nobody.done
    expect(nobody.result).toEqual({ missing: [], waitedFor: 0 })
    publish(2)
    fleet.reported(client, report("a", revisionOf(2)))
    const later = wait(1)
    await later.done
    expect(later.result).toEqual({ missing: [], waitedFor: 1 })
  })

  it("opens when the last one has said so, by report or by poll", async () => {
    const { clock, fleet, publish, wait } = fleetAt()
    const other = { ...client, address: "10.0.0.2" }
    publish(1)
    fleet.reported(client, report("a", revisionOf(1)))
    fleet.polled(other, "authz", tagOf(1), 30_000)
    publish(2)
    const { result, done } = wait(2)
    await settled()
    expect(result).toEqual({})
    fleet.reported(client, report("a", revisionOf(2)))
    await settled()
    expect(result).toEqual({})
    fleet.polled(other, "authz", tagOf(2), 30_000)
    await done
    expect(result).toEqual({ missing: [], waitedFor: 2 })
    expect(clock.running()).toBe(0)
  })

  it("gives up in time, and names who is missing", async () => {
    const { clock, fleet, publish, wait } = fleetAt()
    publish(1)
    for (const id of ["a", "b"]) fleet.reported(client, report(id, revisionOf(1)))
    publish(2)
    const { result, done } = wait(2)
    await settled()
    fleet.reported(client, report("a", revisionOf(2)))
    clock.advance(ten)
    await done
    expect(result).toEqual({ missing: ["b"], waitedFor: 2 })
    expect(clock.running()).toBe(0)
  })

  it("does not wait for who says that it cannot use what it was sent, and does for who failed before that", async () => {
    const { clock, fleet, publish, wait } = fleetAt()
    publish(1)
    const poll = fleet.polled(client, "authz", tagOf(1), 30_000)
    const failed = { code: "bundle_error", message: "overlapping roots" }
    fleet.reported(client, report("a", revisionOf(1), failed))
    clock.advance(1_000)
    publish(2)
    const { result, done } = wait(2)
    await settled()
    expect(result).toEqual({})
    poll.served(tagOf(2))
    fleet.reported(client, report("a", revisionOf(1), { ...failed, http_code: "503" }))
    await settled()
    expect(result).toEqual({})
    fleet.reported(client, report("a", revisionOf(1), failed))
    await settled()
    expect(result).toEqual({})
    fleet.polled(client, "authz", tagOf(1), 30_000)
    await done
    expect(result).toEqual({ missing: ["a"], waitedFor: 1 })
  })

  it("does not wait for who is lost while it waits", async () => {
    const { clock, fleet, publish, wait } = fleetAt()
    publish(1)
    const release = fleet.polled(client, "authz", tagOf(1), 30_000).held()
    publish(2)
    const { result, done } = wait(2)
    await settled()
    release("hungUp")
    clock.advance(4_000)
    await done
    expect(result).toEqual({ missing: [], waitedFor: 0 })
  })

  it("does not count what was said of a state before there was one", async () => {
    const { clock, fleet, publish, wait } = fleetAt()
    publish(1)
    fleet.reported(client, report("a", revisionOf(2)))
    fleet.reported(client, report("b", revisionOf(999_999_999_999_999)))
    expect(fleet.members().map(({ state }) => state)).toEqual([undefined, undefined])
    publish(2)
    const { result, done } = wait(2)
    await settled()
    fleet.reported(client, report("a", revisionOf(2)))
    clock.advance(60_000)
    await done
    expect(result).toMatchObject({ missing: ["b"] })
  })

  it("ends with its caller", async () => {
    const { clock, fleet, publish, wait } = fleetAt()
    publish(1)
    fleet.reported(client, report("a", undefined))
    const caller = new AbortController()
    const { result, done } = wait(1, caller.signal)
    await settled()
    caller.abort()
    await done
    expect([result.missing, clock.running()]).toEqual([["a"], 0])
  })
})

describe("published states", () => {
  it("of another epoch are forgotten, and nobody counts across epochs", () => {
    const { published, publish } = fleetAt()
    publish(7)
    expect(published.stateOf("authz", { etag: tagOf(7) })?.sequence).toBe(7)
    published.activated("0000000b.1")
    expect(published.stateOf("authz", { etag: tagOf(7) })).toBeUndefined()
    expect(published.stateOf("authz", { revision: revisionOf(7) })).toBeUndefined()
    expect(published.behind({ epoch: "0000000a", sequence: 7 })).toEqual({ revisions: undefined, sinceMs: undefined })
  })

  it("tell how far behind one is, in revisions and in time", () => {
    const { clock, published, publish } = fleetAt()
    publish(1)
    clock.advance(5_000)
    publish(2)
    clock.advance(3_000)
    publish(4)
    clock.advance(1_000)
    expect(published.behind({ epoch: "0000000a", sequence: 1 })).toEqual({ revisions: 3, sinceMs: 4_000 })
    expect(published.behind({ epoch: "0000000a", sequence: 3 })).toEqual({ revisions: 1, sinceMs: 1_000 })
    expect(published.behind({ epoch: "0000000a", sequence: 4 })).toEqual({ revisions: 0, sinceMs: 0 })
  })
})

describe("a status", () => {
  it.each([[null], ["text"], [[]], [{ labels: 1 }], [{ bundles: [1] }]])("%j is none", (value) => {
    expect(readStatusReport(value)).toBeUndefined()
  })

  it("is read loosely, and cut to size", () => {
    const long = "x".repeat(10_000)
    const read = readStatusReport({
      labels: { id: long, version: 3, region: "west", n: 1 },
      bundles: { authz: { active_revision: 5, code: "bundle_error", message: long, http_code: 503, more: {} } },
      metrics: { prometheus: {} },
    })
    expect(read?.id?.length).toBe(128)
    expect(read?.labels).toEqual({ region: "west", n: "" })
    expect(read?.bundles[0]).toMatchObject({ name: "authz", activeRevision: undefined, error: { code: "bundle_error", httpCode: "503" } })
    expect(read?.bundles[0]?.error?.message.length).toBe(500)
    expect(readStatusReport({})).toMatchObject({ id: undefined, bundles: [] })
  })
})
