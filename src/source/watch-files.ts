import { watch, type FSWatcher } from "node:fs"
import { basename, dirname } from "node:path"
import { unrefTimers, type Timers } from "../model/timers.js"

/**
 * Calls back when some of these files may have changed: about 100 ms after something happened to them in their directories. That sees files
 * that are replaced by renaming, and Kubernetes' swaps of symbolic links (`..data`); it does not see a change behind a link into another directory.
 * A directory that cannot be watched is tried again every 5 seconds, with a call each time: reading then tells what is wrong.
 *
 * @returns stops it
 */
export function watchFiles(paths: readonly string[], onNews: () => void, timers: Timers = unrefTimers): () => void {
  const directories = [...new Set(paths.map((path) => dirname(path)))]
  const stops = directories.map((directory) => {
    const names = new Set(paths.filter((path) => dirname(path) === directory).map((path) => basename(path)))
    return watchDirectory(directory, names, onNews, timers)
  })
  return () => stops.forEach((stop) => stop())
}

const settleMs = 100
const retryMs = 5_000

function watchDirectory(directory: string, names: ReadonlySet<string>, onNews: () => void, timers: Timers): () => void {
  let watcher: FSWatcher | undefined
  let cancel: (() => void) | undefined
  const wakeIn = (ms: number) => {
    cancel ??= timers.after(ms, () => {
      cancel = undefined
      // The directory itself may have been replaced: watch what has its name now, and only then let it be read.
      open()
      onNews()
    })
  }
  const concerns = (name: string | null) => name === null || names.has(name) || name.startsWith("..") || name === basename(directory)
  const open = () => {
    watcher?.close()
    watcher = watcherOf(
      directory,
      (name) => {
        if (concerns(name)) wakeIn(settleMs)
      },
      () => wakeIn(retryMs),
    )
  }
  open()
  return () => {
    watcher?.close()
    cancel?.()
  }
}

function watcherOf(directory: string, onEvent: (name: string | null) => void, onFailure: () => void): FSWatcher | undefined {
  try {
    return watch(directory, { persistent: false }, (_, name) => onEvent(name)).on("error", onFailure)
  } catch {
    onFailure()
    return undefined
  }
}
