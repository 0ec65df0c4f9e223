import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { messageOf, PdpError } from "../errors.js"
import { unrefTimers, type Timers } from "../model/timers.js"
import { watchFiles } from "../source/index.js"

/** Something made of files, and made anew when they change. */
export interface RereadFiles<Value> {
  /** As the files were when they made sense last. */
  current(): Value
  close(): void
}

/** How {@link rereadFiles} reads, and whom it tells. */
export interface Rereading<Value> {
  readonly paths: readonly string[]
  /** Makes the value of their contents, in the same order. What it throws says what is wrong with them. */
  readonly read: (contents: readonly Buffer[]) => Value
  /** There is a new value. */
  readonly onNews?: (value: Value) => void
  /** New contents make no value: the old one stays. Told once for the same contents. */
  readonly onProblem: (error: PdpError) => void
  readonly timers?: Timers | undefined
}

/**
 * Reads files now, and again when they change: at once where their directories tell, and within 30 seconds behind links into other directories.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when they cannot be read now, and what `read` throws
 */
export function rereadFiles<Value>({ paths, read, onNews, onProblem, timers = unrefTimers }: Rereading<Value>): RereadFiles<Value> {
  const first = contentsOf(paths)
  let value = read(first)
  let seen = digestOf(first)
  const look = (): void => {
    try {
      const contents = contentsOf(paths)
      const digest = digestOf(contents)
      if (digest === seen) return
      seen = digest
      value = read(contents)
    } catch (thrown) {
      const error = thrown instanceof PdpError ? thrown : new PdpError("ERR_CONFIG_INVALID", messageOf(thrown), { cause: thrown })
      if (error.details["unreadable"] !== true) return onProblem(error)
      if (seen !== error.message) onProblem(error)
      seen = error.message
      return
    }
    onNews?.(value)
  }
  const stopWatching = watchFiles(paths, look, timers)
  const stopTicking = tick(timers, look)
  return {
    current: () => value,
    close() {
      stopWatching()
      stopTicking()
    },
  }
}

const tickMs = 30_000

function tick(timers: Timers, run: () => void): () => void {
  let cancel = (): void => undefined
  const again = (): void => {
    cancel = timers.after(tickMs, () => {
      run()
      again()
    })
  }
  again()
  return () => cancel()
}

function contentsOf(paths: readonly string[]): readonly Buffer[] {
  return paths.map((path) => {
    try {
      return readFileSync(path)
    } catch (cause) {
      const message = `${path} cannot be read: ${messageOf(cause)}; create the file, or make it readable to this process`
      throw new PdpError("ERR_CONFIG_INVALID", message, { cause, details: { unreadable: true } })
    }
  })
}

function digestOf(contents: readonly Buffer[]): string {
  const hash = createHash("sha256")
  for (const content of contents) hash.update(`${content.length}:`).update(content)
  return hash.digest("base64")
}
