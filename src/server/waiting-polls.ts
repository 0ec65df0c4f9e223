import type { ServerResponse } from "node:http"
import { setImmediate as turn } from "node:timers/promises"
import { PdpError } from "../errors.js"
import type { Timers } from "../model/timers.js"

/** Why a poll waits no more. */
export type PollEnd = "woken" | "deadline" | "gone"

/** Polls that wait for another bundle than the one that they know. */
export interface WaitingPolls {
  /**
   * @param etag of the bundle that it knows
   * @throws {PdpError} `ERR_OVERLOADED` when too many wait already
   */
  wait(name: string, etag: string, ms: number, response: ServerResponse): Promise<PollEnd>
  /** Wakes those who know another bundle than this one, some in each turn of the event loop, so that decisions go on between them. */
  wake(name: string, etag: string): Promise<void>
  /** Wakes everybody. */
  wakeAll(): void
  /** The bundles that somebody waits for. */
  names(): readonly string[]
  size(): number
}

/** @param most how many may wait at a time */
export function waitingPolls(most: number, timers: Timers): WaitingPolls {
  const byName = new Map<string, Set<Waiter>>()
  let size = 0
  return {
    wait(name, etag, ms, response) {
      if (size >= most)
        return Promise.reject(new PdpError("ERR_OVERLOADED", `${most} requests wait for bundles already; ask again later, or elsewhere`))
      if (response.destroyed) return Promise.resolve("gone")
      const waiters = byName.get(name) ?? new Set<Waiter>()
      byName.set(name, waiters)
      size++
      return new Promise((resolve) => {
        const end = (why: PollEnd): void => {
          if (!waiters.delete(waiter)) return
          size--
          cancel()
          response.off("close", onClose)
          resolve(why)
        }
        const waiter: Waiter = { etag, end }
        const onClose = (): void => end("gone")
        waiters.add(waiter)
        const cancel = timers.after(ms, () => end("deadline"))
        response.once("close", onClose)
      })
    },
    async wake(name, etag) {
      let woken = 0
      for (const waiter of [...(byName.get(name) ?? [])]) {
        if (waiter.etag === etag) continue
        waiter.end("woken")
        if (++woken % wokenInTurn === 0) await turn()
      }
    },
    wakeAll() {
      for (const waiters of byName.values()) for (const { end } of [...waiters]) end("woken")
    },
    names: () => [...byName].filter(([, waiters]) => waiters.size > 0).map(([name]) => name),
    size: () => size,
  }
}

interface Waiter {
  readonly etag: string
  readonly end: (why: PollEnd) => void
}

const wokenInTurn = 100
