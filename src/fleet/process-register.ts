import { z } from "zod"
import type { Database } from "../database/index.js"
import { keptAlive, type Timers } from "../model/timers.js"

/** What a PDP process says of itself. */
export interface ProcessFacts {
  readonly version: string
  readonly ready: boolean
  /** Undefined while it decides on nothing. */
  readonly revision: string | undefined
  readonly policyDigest: string
  readonly authorizationDataDigest: string
}

/** A process as it was when it was heard from last. */
export interface KnownProcess extends ProcessFacts {
  /** Where it runs, for people. */
  readonly name: string
  /** It has not said anything for longer than it ever is silent. */
  readonly isLost: boolean
  readonly silentMs: number
}

/** The processes that decide on one database: each notes there what it runs. */
export interface ProcessRegister {
  /** All but this one; those that are lost for an hour are left out. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
  others(): Promise<readonly KnownProcess[]>
  /** Something about this process has changed: noted soon. */
  changed(): void
  /** Takes this process out, which may take a second; that it cannot be done is nothing to fail for. */
  close(): Promise<void>
}

/** Options of {@link processRegister}. */
export interface ProcessRegisterOptions {
  readonly database: Database
  /** Random, of this process alone. */
  readonly id: string
  readonly name: string
  readonly facts: () => ProcessFacts
  /** It could not be noted; the next time may be better. Told once until it could. Must not throw. */
  readonly onProblem: (error: unknown) => void
  readonly timers: Timers
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Notes this process now, every ten seconds, and two seconds after a change. */
export function processRegister({ database, id, name, facts, onProblem, timers, now }: ProcessRegisterOptions): ProcessRegister {
  let isFailing = false
  let isClosed = false
  let dueMs = Number.POSITIVE_INFINITY
  let cancel = (): void => undefined
  let noting: Promise<void> = Promise.resolve()
  const noteIn = (ms: number): void => {
    if (isClosed || now() + ms >= dueMs) return
    cancel()
    dueMs = now() + ms
    cancel = timers.after(ms, () => {
      dueMs = Number.POSITIVE_INFINITY
      noting = note()
    })
  }
  const note = async (): Promise<void> => {
    try {
      await written(database, id, name, facts())
      isFailing = false
    } catch (thrown) {
      if (!isFailing && !isClosed) onProblem(thrown)
      isFailing = true
    }
    noteIn(pauseMs)
  }
  noting = note()

  return {
    others: async () => {
      const rows = await database.read((sql) => sql.all(`SELECT ${columns} FROM portcullis_processes WHERE id <> ? ORDER BY name, id`, id))
      const at = now()
      return rows.map((row) => known(Row.parse(row), at)).filter(({ silentMs }) => silentMs <= shownMs)
    },
    changed: () => noteIn(soonMs),
    close: async () => {
      isClosed = true
      cancel()
      const removed = noting.then(() => database.write((transaction) => transaction.all("DELETE FROM portcullis_processes WHERE id = ?", id)))
      const late = new Promise<void>((resolve) => timers.after(longestGoodbyeMs, resolve))
      await keptAlive(Promise.race([removed.then(ignored, ignored), late]))
    },
  }
}

const pauseMs = 10_000
const soonMs = 2_000
const patienceMs = 35_000
const shownMs = 3_600_000
const longestGoodbyeMs = 1_000

const columns = "name, version, ready, revision, policy_digest, authorization_data_digest, seen_at"
const Row = z.object({
  name: z.string(),
  version: z.string(),
  ready: z.number(),
  revision: z.string().nullable(),
  policy_digest: z.string(),
  authorization_data_digest: z.string(),
  seen_at: z.number(),
})

async function written(database: Database, id: string, name: string, facts: ProcessFacts): Promise<void> {
  const { version, ready, revision = null, policyDigest, authorizationDataDigest } = facts
  await database.write(async (transaction) => {
    await transaction.all("DELETE FROM portcullis_processes WHERE id = ? OR seen_at < ?", id, transaction.now - shownMs)
    await transaction.all(
      `INSERT INTO portcullis_processes (id, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[id, name, version, ready ? 1 : 0, revision, policyDigest, authorizationDataDigest, transaction.now],
    )
  })
}

function known(row: z.infer<typeof Row>, at: number): KnownProcess {
  // Clocks of two machines differ a little.
  const silentMs = Math.max(0, at - row.seen_at)
  return {
    name: row.name,
    version: row.version,
    ready: row.ready === 1,
    revision: row.revision ?? undefined,
    policyDigest: row.policy_digest,
    authorizationDataDigest: row.authorization_data_digest,
    isLost: silentMs > patienceMs,
    silentMs,
  }
}

function ignored(): void {
  // Who reads the row sees that nobody has touched it since.
}
