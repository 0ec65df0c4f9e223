import { PdpError } from "../errors.js"
import { unrefTimers, type Timers } from "../model/timers.js"
import { confirmSnapshot, readSnapshot, writeSnapshot, type LoadedSnapshot, type SnapshotFile, type SnapshotHeader } from "../source/index.js"
import type { RoleBindingStore } from "../store/index.js"
import type { PdpEvents, SnapshotStatus } from "./pdp.js"
import { pacedWork, type PacedWork } from "./paced-work.js"
import { sourceHealth, type SourceHealth } from "./source-health.js"

/** What a snapshot is taken of. */
export interface SnapshotState {
  readonly header: SnapshotHeader
  readonly store: RoleBindingStore
  /** Another value after each change. */
  readonly version: unknown
}

/** What {@link keepSnapshot} needs. */
export interface SnapshotKeeperOptions {
  readonly path: string
  /** The name of the source. */
  readonly source: string
  /** Pause between two writes, in seconds. Default 60. */
  readonly seconds?: number | undefined
  /** The state of now; undefined before the source has answered. */
  readonly state: () => SnapshotState | undefined
  /** Must not throw. */
  readonly failed: (failure: PdpEvents["refreshFailure"]) => void
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Default Node's, which do not keep the process alive. */
  readonly timers?: Timers
}

/** Keeps a snapshot file: nothing that it does, or fails to do, keeps anybody from deciding. */
export interface SnapshotKeeper {
  /** Reads the file into an empty store. @returns undefined when there is none, or it is refused, which is reported */
  load(store: RoleBindingStore, signal: AbortSignal): Promise<SnapshotHeader | undefined>
  /** What was loaded decides now. */
  adopted(): void
  /** The source has answered: what it said will be written soon. */
  sourceAnswered(): void
  status(): SnapshotStatus
  /** Writes what has changed since, for five seconds at most. Never rejects. */
  close(): Promise<void>
}

/** @throws {PdpError} `ERR_CONFIG_INVALID` when the pause is out of range */
export function keepSnapshot(options: SnapshotKeeperOptions): SnapshotKeeper {
  const { seconds = defaultSeconds } = options
  if (!(seconds > 0 && seconds <= mostSeconds))
    throw new PdpError("ERR_CONFIG_INVALID", `snapshotSeconds is ${seconds}; choose a number above 0 and up to ${mostSeconds}`)
  return new Keeper(options, seconds * 1_000)
}

const defaultSeconds = 60
const mostSeconds = 2_000_000
const firstWriteMs = 1_000
const closeMs = 5_000

/** What is in the file. */
interface Kept {
  readonly header: SnapshotHeader
  readonly bindings: number
  readonly file: SnapshotFile
  readonly version: unknown
}

class Keeper implements SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions
  readonly #pauseMs: number
  readonly #health: SourceHealth
  readonly #writes: PacedWork
  #loaded: LoadedSnapshot | undefined
  #kept: Kept | undefined
  #decides = false

  constructor(options: SnapshotKeeperOptions, pauseMs: number) {
    const { path, now, timers = unrefTimers } = options
    this.#options = options
    this.#pauseMs = pauseMs
    this.#health = sourceHealth(`snapshot ${path}`, now)
    const work = (signal: AbortSignal): Promise<void> => this.#bringUpToDate(signal)
    this.#writes = pacedWork({ work, failed: (thrown) => this.#failed(thrown), delayMs: firstWriteMs, pauseMs, closeMs, timers })
  }

  async load(store: RoleBindingStore, signal: AbortSignal): Promise<SnapshotHeader | undefined> {
    const { path, source, now } = this.#options
    try {
      this.#loaded = await readSnapshot(path, source, store, signal)
      // A clock that went back must not make old bindings young for longer.
      return this.#loaded && { ...this.#loaded.header, takenAt: Math.min(this.#loaded.header.takenAt, now()) }
    } catch (thrown) {
      if (!signal.aborted) this.#failed(thrown)
      return undefined
    }
  }

  adopted(): void {
    const state = this.#options.state()
    if (!state || !this.#loaded) return
    const { file, header } = this.#loaded
    this.#kept = { file, version: state.version, bindings: state.store.size, header: { ...header, takenAt: state.header.takenAt } }
    this.#decides = true
    this.#health.succeeded()
  }

  sourceAnswered(): void {
    this.#decides = false
    this.#writes.wish()
  }

  status(): SnapshotStatus {
    const { path, now } = this.#options
    const { failing } = this.#health.status()
    return { path, decides: this.#decides, ...(this.#kept && contents(this.#kept, now())), ...(failing && { failing }) }
  }

  close(): Promise<void> {
    return this.#writes.close()
  }

  async #bringUpToDate(signal: AbortSignal): Promise<void> {
    const state = this.#options.state()
    if (!state) return
    const kept = this.#kept
    const isKept = kept !== undefined && kept.version === state.version && (await this.#confirm(kept, state.header.takenAt))
    // Of now: it may have changed while the file was looked for.
    if (!isKept) await this.#write(this.#options.state() ?? state, signal)
    this.#health.succeeded()
  }

  /** @returns false when somebody has removed the file */
  async #confirm(kept: Kept, takenAt: number): Promise<boolean> {
    if (takenAt <= kept.header.takenAt) return true
    if (!(await confirmSnapshot(this.#options.path, kept.file, takenAt))) return false
    this.#kept = { ...kept, header: { ...kept.header, takenAt } }
    return true
  }

  async #write({ header, store, version }: SnapshotState, signal: AbortSignal): Promise<void> {
    const bindings = store.size
    const file = await writeSnapshot(this.#options.path, header, store, signal)
    this.#kept = { header, bindings, version, file }
  }

  #failed(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    this.#health.failed(error)
    const attempt = this.#health.status().failing?.attempts ?? 1
    this.#options.failed({ source: this.#health.name, error, attempt, retryInMs: this.#pauseMs })
  }
}

function contents({ header, bindings }: Kept, now: number): Pick<SnapshotStatus, "revision" | "bindings" | "takenAt" | "ageSeconds"> {
  const { revision, takenAt } = header
  return { revision, bindings, takenAt: new Date(takenAt).toISOString(), ageSeconds: Math.max(0, (now - takenAt) / 1_000) }
}
