import { spawn, spawnSync } from "node:child_process"
import type { Terminal } from "./terminal.js"

/**
 * Runs a command of the operator's in the shell. What it prints goes where everything else but results goes.
 *
 * @throws {Error} when it cannot be run, exits with another code than 0, or takes longer than a minute
 */
export function runInShell(command: string, { err, workingFolder }: Pick<Terminal, "err" | "workingFolder">): Promise<void> {
  return new Promise((resolve, reject) => {
    // What it leaves running keeps its output open, so that its end is its exit and not that of its output.
    const child = spawn(command, { shell: true, cwd: workingFolder, stdio: ["ignore", "pipe", "pipe"], timeout: mostMs })
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => err(chunk.toString()))
    child.once("error", reject)
    child.once("exit", (code, signal) => {
      for (const stream of [child.stdout, child.stderr]) stream.destroy()
      if (code === 0) resolve()
      else reject(new Error(`'${command}' ended with ${code ?? signal}`))
    })
  })
}

/** Runs it at once, for a process that ends; it cannot say that it failed. */
export function runInShellAtOnce(command: string, { workingFolder }: Pick<Terminal, "workingFolder">): void {
  spawnSync(command, { shell: true, cwd: workingFolder, stdio: ["ignore", "inherit", "inherit"], timeout: mostMs })
}

const mostMs = 60_000
