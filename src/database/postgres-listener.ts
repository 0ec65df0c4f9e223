import type { PostgresClient, PostgresPool } from "./postgres-pool.js"

/** Options of {@link listenOn}. */
export interface ListenOptions {
  readonly channel: string
  /** At each notification, and after each connect, because some may have been missed. */
  readonly onNews: () => void
  /** Runs later; replaced in tests. @returns forgets it */
  readonly after: (ms: number, run: () => void) => () => void
}

const firstRetryMs = 100
const longestRetryMs = 5_000

/** Listens on a channel, and connects anew when the connection breaks. @returns stops it */
export function listenOn(pool: () => Promise<PostgresPool>, { channel, onNews, after }: ListenOptions): () => void {
  let stopped = false
  let client: PostgresClient | undefined
  let cancelRetry = (): void => undefined
  let attempts = 0

  const lost = (broken: PostgresClient): void => {
    if (client !== broken) return
    client = undefined
    broken.release(true)
    retry()
    // Whoever reads now finds out why, and says so.
    if (!stopped) onNews()
  }
  const retry = (): void => {
    if (stopped) return
    cancelRetry = after(Math.min(firstRetryMs * 2 ** attempts++, longestRetryMs), () => void connect())
  }
  const connect = async (): Promise<void> => {
    let connected: PostgresClient | undefined
    try {
      connected = await (await pool()).connect()
      if (stopped) return connected.release(true)
      const listening = (client = connected)
      connected.on("notification", onNews)
      connected.on("error", () => lost(listening))
      connected.on("end", () => lost(listening))
      await connected.query({ text: `LISTEN ${channel}` })
      attempts = 0
      onNews()
    } catch {
      // Reads fail for the same reason, and report it. A client that is lost by now has its retry.
      if (connected) lost(connected)
      else retry()
    }
  }
  void connect()
  return () => {
    stopped = true
    cancelRetry()
    const last = client
    client = undefined
    last?.release(true)
  }
}
