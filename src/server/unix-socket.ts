import { randomBytes } from "node:crypto"
import { chmodSync, lstatSync, renameSync, rmSync, type Stats } from "node:fs"
import { connect, type Server } from "node:net"
import { dirname, join } from "node:path"
import { messageOf, PdpError } from "../errors.js"

/** The name of a UNIX domain socket in the file system. */
export interface SocketPath {
  readonly path: string
}

/**
 * Listens on a UNIX domain socket that its owner and group may connect to (0660). It gets its name only once it has that mode. One that nobody answers on
 * is replaced: it was left behind.
 *
 * @returns removes the name, unless it is another's by now
 * @throws {PdpError} `ERR_CONFIG_INVALID` when somebody answers on it, when the name is that of something else, and when it cannot be made
 */
export async function listenOnPath(server: Server, { path }: SocketPath): Promise<() => void> {
  const fresh = join(dirname(path), `.${randomBytes(3).toString("hex")}`)
  if (Math.max(Buffer.byteLength(path), Buffer.byteLength(fresh)) > longestPath)
    throw wrong(path, `is longer than the ${longestPath} bytes that the path of a socket may have`)
  await assertFree(path)
  await bound(server, fresh, path)
  try {
    chmodSync(fresh, 0o660)
    renameSync(fresh, path)
  } catch (cause) {
    server.close()
    rmSync(fresh, { force: true })
    throw wrong(path, `cannot be made: ${messageOf(cause)}`, cause)
  }
  const own = lstatSync(path)
  return () => {
    const found = statusOf(path)
    if (found?.ino === own.ino && found.dev === own.dev) rmSync(path, { force: true })
  }
}

/** On Linux, without the end mark. */
const longestPath = 107

async function assertFree(path: string): Promise<void> {
  const found = statusOf(path)
  if (found === undefined) return
  if (!found.isSocket()) throw wrong(path, "is there, and is no socket; choose another name, or remove it")
  const problem = await connectProblem(path)
  if (problem === undefined) throw wrong(path, "is in use: somebody answers on it; stop who does, or listen on another one")
  if (problem !== "ECONNREFUSED" && problem !== "ENOENT") throw wrong(path, `is a socket that this process may not use (${problem})`)
}

/** @returns undefined when somebody answers */
function connectProblem(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    socket.once("connect", () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.once("error", (cause: NodeJS.ErrnoException) => resolve(cause.code ?? cause.message))
  })
}

function bound(server: Server, fresh: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(wrong(path, `cannot be made: ${messageOf(cause)}`, cause)))
    server.listen({ path: fresh }, resolve)
  })
}

function statusOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

function wrong(path: string, problem: string, cause?: unknown): PdpError {
  return new PdpError("ERR_CONFIG_INVALID", `cannot listen on unix:${path}: it ${problem}`, { cause })
}
