import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"

/**
 * Runs an action while no other process runs one under the same name. A lock whose process is gone is taken over.
 *
 * @param {string} root the clone; locks lie in its `.cache` folder
 * @param {string} name
 * @param {() => void | Promise<void>} action
 */
export async function exclusively(root, name, action) {
  const folder = join(root, ".cache")
  const lock = join(folder, `${name}.lock`)
  make(folder)
  await acquire(lock)
  try {
    await action()
  } finally {
    rmSync(lock, { force: true })
  }
}

/** Without `recursive`, which reports a read-only file system as a missing folder. */
function make(folder) {
  try {
    mkdirSync(folder)
  } catch (cause) {
    if (cause.code !== "EEXIST") throw cause
  }
}

const pollMs = 200
const patienceMs = 15 * 60_000

async function acquire(lock) {
  const mine = `${lock}.${process.pid}`
  const deadline = Date.now() + patienceMs
  writeFileSync(mine, `${process.pid}\n`)
  try {
    for (let told = false; !linked(mine, lock); told = true) {
      const holder = holderOf(lock)
      if (holder !== undefined && !isAlive(holder)) discard(lock, holder)
      else if (!told) process.stderr.write(`portcullis: waiting for process ${holder ?? "?"}, which does the same\n`)
      if (Date.now() > deadline) throw new Error(`${lock} is held since 15 minutes by process ${holder ?? "?"}; end that process or delete the file`)
      await pause(pollMs)
    }
  } finally {
    rmSync(mine, { force: true })
  }
}

/** A link appears with its content at once, so nobody reads a lock without a holder. */
function linked(mine, lock) {
  try {
    linkSync(mine, lock)
    return true
  } catch (cause) {
    if (cause.code === "EEXIST") return false
    throw cause
  }
}

function holderOf(lock) {
  if (!existsSync(lock)) return undefined
  try {
    return Number(readFileSync(lock, "utf8"))
  } catch (cause) {
    if (cause.code === "ENOENT") return undefined
    throw cause
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return cause.code === "EPERM"
  }
}

/** Moves the dead lock aside; what turns out to be somebody's fresh lock goes back. */
function discard(lock, deadPid) {
  const aside = `${lock}.stale.${process.pid}`
  try {
    renameSync(lock, aside)
    if (Number(readFileSync(aside, "utf8")) !== deadPid) linked(aside, lock)
  } catch (cause) {
    if (cause.code !== "ENOENT") throw cause
  } finally {
    rmSync(aside, { force: true })
  }
}
