import { randomUUID } from "node:crypto"
import { z } from "zod"
import { aFunction, checkOptions } from "../model/options.js"
import type { RoleBinding } from "../model/role-binding.js"
import { bindingPages } from "./binding-pages.js"
import type { BindingsFormat } from "./bindings-format.js"
import { assertSize, fileFormat } from "./file-format.js"
import { fileState, readFileIn, type FileState } from "./file-reading.js"
import type { Source, SourcePosition, SourceRead } from "./source.js"
import { timersOption, type Timers } from "../model/timers.js"
import { closedSource, throwIfAborted } from "./unavailable.js"
import { watchFiles } from "./watch-files.js"

/** Options of {@link fileSource}. */
export interface FileSourceOptions {
  /** Ends in `.yaml`, `.yml` (up to 1 MiB), `.json` (up to 8 MiB), `.ndjson` or `.jsonl` (any size, streamed). */
  readonly path: string
  /** Default Node's, which do not keep the process alive. */
  readonly timers?: Timers
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number
}

/**
 * Role bindings in a file: `{version: 1, bindings: [{principal, workspace, roles: []}]}`, or as NDJSON one
 * `{"principal":…,"workspace":…,"role":…}` (or `"roles":[…]`) a line. Nothing is skipped: one wrong line, and the whole file is refused.
 * The directory is watched. Replace the file by renaming a complete one, since a writer may be half-way: an empty file is refused, and NDJSON whose
 * last line has no end, or that has no line and does not say so with `{"version":1,"bindings":0}`. With the number of its lines there, or in a last
 * line `{"end":N}`, it is refused when lines are missing.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when an option is unknown or wrong, or the name's ending is another one
 */
export function fileSource(options: FileSourceOptions): Source {
  checkOptions("fileSource", Options, options)
  return new BindingsInFile(options)
}

const Options = z.strictObject({ path: z.string().min(1), timers: timersOption.optional(), now: aFunction.optional() })

/** File systems that keep times coarsely do so to at most two seconds. */
const coarsestTimeMs = 2_000

class BindingsInFile implements Source {
  readonly name: string
  readonly #options: FileSourceOptions
  readonly #format: BindingsFormat
  readonly #now: () => number
  readonly #epoch = randomUUID()
  readonly #stops = new Set<() => void>()
  readonly #abort = new AbortController()
  #sequence = 0
  #last: CompleteRead | undefined

  constructor(options: FileSourceOptions) {
    this.name = `file ${options.path}`
    this.#options = options
    this.#format = fileFormat(options.path)
    this.#now = options.now ?? Date.now
  }

  async read(after: SourcePosition | undefined, signal: AbortSignal): Promise<SourceRead> {
    const { path } = this.#options
    this.#assertReadable(signal)
    const nowMs = this.#now()
    const state = await fileState(path)
    assertSize(path, this.#format, state.bytes)
    const settled = nowMs - state.changedAtMs > coarsestTimeMs
    if (after !== undefined && after === this.#last?.position && (await this.#isUnchanged(this.#last, state, settled, signal)))
      return { kind: "unchanged" }
    const position = `${this.#epoch}:${++this.#sequence}`
    return { kind: "snapshot", position, pages: this.#pages(position, state, settled, signal) }
  }

  subscribe(onNews: () => void): () => void {
    if (this.#abort.signal.aborted) return () => undefined
    const stop = watchFiles([this.#options.path], onNews, this.#options.timers)
    this.#stops.add(stop)
    return () => {
      this.#stops.delete(stop)
      stop()
    }
  }

  async close(): Promise<void> {
    this.#abort.abort()
    for (const stop of this.#stops) stop()
    this.#stops.clear()
  }

  /** Two writes within one tick of the file system's clock can look like one, so a file that has just changed is compared by content. */
  async #isUnchanged(last: CompleteRead, state: FileState, settled: boolean, signal: AbortSignal): Promise<boolean> {
    if (last.fingerprint !== state.fingerprint) return false
    if (last.settled) return true
    const reading = readFileIn(state, this.#options.path, signal)
    for await (const _ of reading.chunks) this.#assertReadable(signal)
    if (reading.digest() !== last.digest) return false
    this.#last = { ...last, settled }
    return true
  }

  async *#pages(position: SourcePosition, state: FileState, settled: boolean, signal: AbortSignal): AsyncGenerator<readonly RoleBinding[]> {
    const { path } = this.#options
    this.#assertReadable(signal)
    const reading = readFileIn(state, path, signal)
    yield* bindingPages({ place: path, format: this.#format, chunks: reading.chunks }, () => this.#assertReadable(signal))
    this.#last = { position, fingerprint: state.fingerprint, settled, digest: reading.digest() }
  }

  #assertReadable(signal: AbortSignal): void {
    if (this.#abort.signal.aborted) throw closedSource(this.name)
    throwIfAborted(this.name, signal)
  }
}

/** A snapshot that was read to its end. */
interface CompleteRead {
  readonly position: SourcePosition
  readonly fingerprint: string
  /** The file had not changed for so long that its times can be relied on. */
  readonly settled: boolean
  readonly digest: string
}
