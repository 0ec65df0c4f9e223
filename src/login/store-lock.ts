import { randomBytes } from "node:crypto"
import { open, readFile, rm, stat, unlink } from "node:fs/promises"
import { hostname } from "node:os"
import { z } from "zod"
import { isMissing, unwritable } from "./credential-file.js"
import { unavailable } from "../model/unavailable.js"

/** What tests replace. */
export interface LockHooks {
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number
  /** Waits, in milliseconds. */
  readonly pause?: (ms: number) => Promise<void>
}

/** Who holds a lock. */
const Owner = z.object({ pid: z.number(), host: z.string(), startedAt: z.number(), id: z.string().regex(/^[0-9a-f]{16}$/) })
type Owner = z.infer<typeof Owner>

const waitMs = 30_000
const staleMs = 60_000
const pauseMs = 50

/**
 * Runs `work` while a lock file is there, which at most one process makes at a time. That of a process which is dead, or of more than a minute
 * ago, is taken over.
 *
 * @param path of the lock file; its folder is there
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` naming file and process when others hold it for 30 seconds, or it cannot be written
 */
export async function withLock<T>(path: string, work: () => Promise<T>, hooks: LockHooks = {}): Promise<T> {
  const { now = Date.now, pause = paused } = hooks
  const id = randomBytes(8).toString("hex")
  const until = now() + waitMs
  while (!(await acquired(path, { pid: process.pid, host: hostname(), startedAt: now(), id }))) {
    const holder = await holderOf(path)
    if (now() >= until) throw held(path, holder)
    const isFree = !holder || (isStale(holder, now()) && (await takenOver(path, holder.id, now())))
    if (!isFree) await pause(pauseMs + Math.random() * pauseMs)
  }
  try {
    return await work()
  } finally {
    await release(path, id)
  }
}

interface Holder {
  /** undefined: it is not written yet, or is no owner. */
  readonly owner: Owner | undefined
  /** Names this lock among all that this file ever is. */
  readonly id: string
  readonly since: number
}

async function acquired(path: string, owner: Owner): Promise<boolean> {
  try {
    await writeNew(path, JSON.stringify(owner))
    return true
  } catch (thrown) {
    if (isPresent(thrown)) return false
    throw unwritable(path, thrown)
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    const [{ mtimeMs, ino }, content] = await Promise.all([stat(path), readFile(path, "utf8")])
    const owner = Owner.safeParse(jsonOf(content)).data
    return { owner, id: owner?.id ?? `${ino}-${mtimeMs}`, since: owner?.startedAt ?? mtimeMs }
  } catch (thrown) {
    if (isMissing(thrown)) return undefined
    throw unwritable(path, thrown)
  }
}

function isStale({ owner, since }: Holder, now: number): boolean {
  return Math.abs(now - since) > staleMs || (owner?.host === hostname() && !isAlive(owner.pid))
}

/**
 * Removes a lock, once: whoever makes the claim on it does so, and only if it still is that lock. Else two takers could both think so, and the
 * second remove what the first has made.
 */
function takenOver(path: string, id: string, now: number): Promise<boolean> {
  return claimed(`${path}.${id}.claim`, now, async () => {
    const present = await holderOf(path)
    if (present?.id === id) await rm(path, { force: true })
  })
}

async function release(path: string, id: string): Promise<void> {
  await claimed(`${path}.${id}.claim`, Date.now(), async () => {
    if ((await holderOf(path))?.id === id) await unlink(path)
  })
}

/** @returns false when somebody else does it. A claim of more than a minute ago was left by a process that was killed. */
async function claimed(claim: string, now: number, act: () => Promise<void>): Promise<boolean> {
  try {
    await writeNew(claim, "")
  } catch (thrown) {
    if (!isPresent(thrown)) throw unwritable(claim, thrown)
    const left = await stat(claim).catch(() => undefined)
    if (left && now - left.mtimeMs > staleMs) await rm(claim, { force: true })
    return false
  }
  try {
    await act()
    return true
  } finally {
    await rm(claim, { force: true })
  }
}

async function writeNew(path: string, content: string): Promise<void> {
  const handle = await open(path, "wx", 0o600)
  try {
    await handle.writeFile(content)
  } catch (thrown) {
    await rm(path, { force: true })
    throw thrown
  } finally {
    await handle.close()
  }
}

function isPresent(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST"
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return !(thrown instanceof Error && "code" in thrown && thrown.code === "ESRCH")
  }
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}

function held(path: string, holder: Holder | undefined): Error {
  const who = holder?.owner ? `process ${holder.owner.pid} on ${holder.owner.host}` : "another process"
  return unavailable(`${path} has been held by ${who} for ${waitMs / 1_000} seconds`, "wait for it or end it, then try again")
}

function paused(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
