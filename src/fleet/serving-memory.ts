/** What to do about a request for a bundle. */
export interface ServingVerdict {
  /** Wait so long before the bundle with this tag is sent once more: the client has had it, and could not use it. */
  readonly hold?: { readonly etag: string; readonly ms: number }
  /** False: this client could not use a delta lately. */
  readonly mayDelta: boolean
}

/**
 * Remembers what each client was served last. An OPA that cannot activate a bundle asks for it again, without a pause when it polls long, with the
 * tag from before: it gets it again, but slower and slower.
 */
export interface ServingMemory {
  /** A request has come. @param from the tag of what the client runs @param connection tells connections apart */
  arrived(client: string, name: string, from: string | undefined, connection: number): ServingVerdict
  /** A bundle is sent. */
  served(client: string, name: string, sent: Sent): void
}

/** What is sent to whom runs what. */
export interface Sent {
  readonly from: string | undefined
  readonly etag: string
  readonly isDelta: boolean
  readonly connection: number
}

const mostClients = 10_000
/** Several OPAs may stand behind one client. */
const freeRepeats = 16
const firstHoldMs = 1_000
const longestHoldMs = 30_000
const forgetMs = 120_000
const firstDeltaPauseMs = 60_000
const longestDeltaPauseMs = 3_600_000

/** @param now milliseconds of a clock that only goes forward */
export function servingMemory(now: () => number): ServingMemory {
  const clients = new Map<string, Memory>()
  return {
    arrived(client, name, from, connection) {
      const memory = clients.get(keyOf(client, name))
      if (!memory) return { mayDelta: true }
      if (from === memory.sent.etag) return confirmed(memory, now())
      if (from !== memory.sent.from || memory.unconfirmed === 0) return { mayDelta: now() >= memory.noDeltaUntil }
      return repeated(memory, connection, now())
    },
    served(client, name, sent) {
      const key = keyOf(client, name)
      const before = clients.get(key)
      const isSame = before?.sent.etag === sent.etag && before.sent.from === sent.from
      clients.delete(key)
      clients.set(key, {
        repeats: before?.repeats ?? 0,
        noDeltaUntil: before?.noDeltaUntil ?? 0,
        deltaFailures: before?.deltaFailures ?? 0,
        sent,
        at: now(),
        unconfirmed: isSame ? before.unconfirmed + (before.retrying > 0 ? 0 : 1) : 1,
        retrying: isSame ? Math.max(0, before.retrying - 1) : 0,
      })
      const [oldest] = clients.keys()
      if (clients.size > mostClients && oldest !== undefined) clients.delete(oldest)
    },
  }
}

interface Memory {
  readonly sent: Sent
  readonly at: number
  /** How many that were sent it have not come back running it. */
  unconfirmed: number
  /** How many of those have asked again, and wait for their answer. */
  retrying: number
  repeats: number
  noDeltaUntil: number
  deltaFailures: number
}

function keyOf(client: string, name: string): string {
  return `${name} ${client}`
}

function confirmed(memory: Memory, now: number): ServingVerdict {
  memory.unconfirmed = Math.max(0, memory.unconfirmed - 1)
  if (memory.unconfirmed === 0) memory.repeats = 0
  if (memory.sent.isDelta) memory.deltaFailures = 0
  return { mayDelta: now >= memory.noDeltaUntil }
}

/** The client runs what it ran before the last answer. */
function repeated(memory: Memory, connection: number, now: number): ServingVerdict {
  const { sent, at } = memory
  if (sent.isDelta) {
    memory.noDeltaUntil = now + Math.min(longestDeltaPauseMs, firstDeltaPauseMs * 2 ** Math.min(memory.deltaFailures, 16))
    memory.deltaFailures++
    memory.unconfirmed--
    return { mayDelta: false }
  }
  const mayDelta = now >= memory.noDeltaUntil
  if (now - at > forgetMs) memory.repeats = 0
  const level = sent.connection === connection ? memory.repeats : memory.repeats - freeRepeats
  memory.repeats++
  memory.retrying++
  if (level < 0) return { mayDelta }
  const ms = Math.min(longestHoldMs, firstHoldMs * 2 ** Math.min(level, 16)) - (now - at)
  return ms > 0 ? { mayDelta, hold: { etag: sent.etag, ms } } : { mayDelta }
}
