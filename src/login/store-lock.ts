import { randomBytes } from "node:crypto"
import { link, lstat, open, readdir, readFile, rm } from "node:fs/promises"
import { hostname } from "node:os"
import { basename, dirname, join } from "node:path"
import { z } from "zod"
import { PdpError } from "../errors.js"
import { parsedJson } from "../model/parsed-json.js"
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
/** How long a lock may name nobody: only where there are no links it is there before its owner is written. */
const namelessMs = 2_000
const pauseMs = 50

/**
 * Runs `work` while a lock file is there, which at most one process makes at a time. That of a process which is dead, or of more than a minute
 * ago, is taken over.
 *
 * @param path of the lock file; its folder is there
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` naming file and process when others hold it for 30 seconds, it cannot be written, or it is no file
 */
export async function withLock<T>(path: string, work: () => Promise<T>, hooks: LockHooks = {}): Promise<T> {
  const { now = Date.now, pause = paused } = hooks
  const until = now() + waitMs
  for (;;) {
    const id = await acquired(path, now)
    if (id !== undefined) return await held(path, id, now, work)
    const holder = await holderOf(path)
    if (now() >= until) throw blocked(path, holder)
    const isFree = !holder || (isStale(holder, now()) && (await takenOver(path, holder.id, now)))
    if (!isFree) await pause(pauseMs + Math.random() * pauseMs)
  }
}

async function held<T>(path: string, id: string, now: () => number, work: () => Promise<T>): Promise<T> {
  try {
    await removeAbandoned(path, now())
    return await work()
  } finally {
    await takenOver(path, id, now)
  }
}

interface Holder {
  /** undefined: it is not written yet, or is no owner. */
  readonly owner: Owner | undefined
  /** Names this lock among all that this file ever is. */
  readonly id: string
  readonly since: number
}

/** Makes a lock that names this process from its first moment. @returns its id; undefined when there is one already */
async function acquired(path: string, now: () => number): Promise<string | undefined> {
  const id = randomBytes(8).toString("hex")
  const owner: Owner = { pid: process.pid, host: hostname(), startedAt: now(), id }
  const beside = `${path}.${id}.new`
  try {
    await writeNew(beside, JSON.stringify(owner))
    try {
      await link(beside, path)
    } catch (thrown) {
      if (!hasCode(thrown, ...withoutLinks)) throw thrown
      await writeNew(path, JSON.stringify(owner))
    } finally {
      await rm(beside, { force: true })
    }
    return id
  } catch (thrown) {
    if (hasCode(thrown, "EEXIST")) return undefined
    throw unwritable(path, thrown)
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    const found = await lstat(path)
    if (!found.isFile()) throw unavailable(`${path} is no file`, "remove it, and try again")
    const { mtimeMs, ino } = found
    const owner = Owner.safeParse(parsedJson(await readFile(path, "utf8"))).data
    return { owner, id: owner?.id ?? `${ino}-${mtimeMs}`, since: owner?.startedAt ?? mtimeMs }
  } catch (thrown) {
    if (isMissing(thrown)) return undefined
    throw thrown instanceof PdpError ? thrown : unwritable(path, thrown)
  }
}

function isStale({ owner, since }: Holder, now: number): boolean {
  const age = Math.abs(now - since)
  return owner ? age > staleMs || (owner.host === hostname() && !isAlive(owner.pid)) : age > namelessMs
}

/**
 * Removes a lock, once: whoever makes the claim on it does so, and only if it still is that lock. Else two takers could both think so, and the
 * second remove what the first has made. A claim is a lock, too: that of a process that was killed is taken over as one.
 *
 * @returns false when somebody else does it
 */
async function takenOver(path: string, id: string, now: () => number): Promise<boolean> {
  const claim = `${path}.${id}.claim`
  const own = await acquired(claim, now)
  if (own === undefined) {
    const claimant = await holderOf(claim)
    if (claimant && isStale(claimant, now())) await takenOver(claim, claimant.id, now)
    return false
  }
  try {
    if ((await holderOf(path))?.id === id) await rm(path, { force: true })
    return true
  } finally {
    if ((await holderOf(claim))?.id === own) await rm(claim, { force: true })
  }
}

/** Claims and what was written beside, by processes that were killed. */
async function removeAbandoned(path: string, now: number): Promise<void> {
  const folder = dirname(path)
  const start = `${basename(path)}.`
  try {
    for (const name of await readdir(folder)) {
      if (!name.startsWith(start) || !/\.(?:claim|new)$/.test(name)) continue
      const found = await lstat(join(folder, name)).catch(() => undefined)
      if (found && Math.abs(now - found.mtimeMs) > staleMs) await rm(join(folder, name), { force: true })
    }
  } catch (thrown) {
    throw unwritable(path, thrown)
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

/** Of file systems that have no links, or do not let everybody make them. */
const withoutLinks = ["EPERM", "EACCES", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"]

function hasCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof Error && "code" in thrown && codes.includes(String(thrown.code))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return !hasCode(thrown, "ESRCH")
  }
}

function blocked(path: string, holder: Holder | undefined): Error {
  const who = holder?.owner ? `process ${holder.owner.pid} on ${holder.owner.host}` : "another process"
  return unavailable(`${path} has been held by ${who} for ${waitMs / 1_000} seconds`, "wait for it or end it, then try again")
}

function paused(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
