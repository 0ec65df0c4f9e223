import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** A server in a process of its own. */
export interface ServerProcess {
  readonly pid: number
  /** What it printed when it was ready: `listens on <url>`; empty when it prints none. */
  readonly url: string
  /** From spawn to ready, in milliseconds. */
  readonly readyMs: number
  stop(): Promise<void>
}

/** The sidecar, as `portcullis serve` runs it, on a free port. */
export function startSidecar(args: readonly string[]): Promise<ServerProcess> {
  const program = fileURLToPath(new URL("../src/cli/portcullis.js", import.meta.url))
  return startPrinting(process.execPath, [program, "serve", "--listen", "127.0.0.1:0", "--log-level", "error", ...args])
}

/** Starts a program that prints `listens on <url>`. */
export async function startPrinting(program: string, args: readonly string[]): Promise<ServerProcess> {
  const startedAt = performance.now()
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] })
  const url = await new Promise<string>((resolve, reject) => {
    let text = ""
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString()
      const found = /listens on (http:\S+)/.exec(text)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once("error", reject)
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code} before it listened`)))
  })
  return { pid: pidOf(child), url, readyMs: performance.now() - startedAt, stop: () => stopped(child) }
}

/** Starts a program that prints nothing when ready. @param isReady asked until it is true @param complaints where they go; default: to ours */
export async function startPolled(
  program: string,
  args: readonly string[],
  url: string,
  isReady: () => Promise<boolean>,
  complaints: "inherit" | "ignore" = "inherit",
): Promise<ServerProcess> {
  const startedAt = performance.now()
  const child = spawn(program, args, { stdio: ["ignore", "ignore", complaints] })
  const failed = once(child, "error").then(([cause]) => {
    throw new Error(`cannot start ${program}`, { cause })
  })
  await Promise.race([failed, until(child, isReady)])
  return { pid: pidOf(child), url, readyMs: performance.now() - startedAt, stop: () => stopped(child) }
}

/** CPU time of a process so far, all threads, in milliseconds. Linux only: elsewhere not a number. */
export function cpuMs(pid: number): number {
  const fields = /\) (.*)$/s.exec(procFile(pid, "stat"))?.[1]?.split(" ") ?? []
  return (Number(fields[11]) + Number(fields[12])) * msPerTick
}

/** Resident memory of a process in MB. Linux only. */
export function residentMb(pid: number): number {
  return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(procFile(pid, "status"))?.[1]) * 1_024) / 1e6
}

/** The most that ever was, in MB. Linux only. */
export function peakResidentMb(pid: number): number {
  return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(procFile(pid, "status"))?.[1]) * 1_024) / 1e6
}

const msPerTick = 10
const pollMs = 50
const startSeconds = 120

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8")
  } catch {
    return ""
  }
}

async function until(child: ChildProcess, isReady: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < startSeconds * 1_000; waitedMs += pollMs) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode} before it was ready`)
    if (await isReady().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  child.kill("SIGKILL")
  throw new Error(`the server was not ready within ${startSeconds} seconds`)
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("the process did not start")
  return child.pid
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, "exit")
  child.kill("SIGTERM")
  await exited
}
