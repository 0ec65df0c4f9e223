import { fork } from "node:child_process"
import { once } from "node:events"
import { setTimeout as pause } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { newcomer } from "../newcomer.js"
import type { RoleBinding } from "../../src/index.js"
import { Published, type Grant } from "./publisher-messages.js"

/** A sidecar in a process of its own, with its bindings in memory. */
export interface Publisher {
  readonly pid: number
  readonly url: string
  /** Grants a role to somebody new. @returns what was granted, and `monotonicMs()` of the moment before */
  grant(): Promise<{ readonly binding: RoleBinding; readonly atMs: number }>
  /** Resolves once so many requests wait for news of bundles. */
  waitsWith(polls: number): Promise<void>
  stop(): Promise<void>
}

/** How a publisher serves bundles. */
export interface PublisherOptions {
  /** Over how many bundles bindings are spread. Default 16. */
  readonly parts?: number
  /** A private key that signs them. Default: they are not signed, and there are deltas. */
  readonly keyFile?: string
}

/** @param size how many bindings */
export async function startPublisher(size: number, { parts = 16, keyFile }: PublisherOptions = {}): Promise<Publisher> {
  const args = [String(size), String(parts), ...(keyFile === undefined ? [] : [keyFile])]
  const child = fork(fileURLToPath(new URL("./publisher.js", import.meta.url)), args, { stdio: ["ignore", "ignore", "inherit", "ipc"] })
  const ended = once(child, "exit")
  const failed = ended.then(([code]) => Promise.reject(new Error(`the publisher ended with ${code}`)))
  failed.catch(() => undefined)
  const heard = async (): Promise<Published> => {
    const [message] = await Promise.race([once(child, "message"), failed])
    return Published.parse(message)
  }
  const ready = await heard()
  if (ready.kind !== "ready" || child.pid === undefined) throw new Error("the publisher is not ready")
  const { url } = ready
  let granted = 0
  return {
    pid: child.pid,
    url,
    async grant() {
      const grant: Grant = { newcomer: ++granted }
      const answer = heard()
      child.send(grant)
      const told = await answer
      if (told.kind !== "granted") throw new Error(`the publisher says ${told.kind} instead of granted`)
      return { binding: newcomer(granted), atMs: told.atMs }
    },
    async waitsWith(polls) {
      for (let tries = 0; tries < mostTries; tries++) {
        if ((await waitingAt(url)) === polls) return
        await pause(pollMs)
      }
      throw new Error(`there are ${await waitingAt(url)} requests that wait for bundles, not ${polls}`)
    },
    async stop() {
      child.disconnect()
      await ended
    },
  }
}

const pollMs = 5
const mostTries = 12_000

async function waitingAt(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^portcullis_bundle_polls_waiting (\d+)$/m.exec(text)?.[1])
}
