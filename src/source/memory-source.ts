import { randomUUID } from "node:crypto"
import type { z } from "zod"
import { PdpError } from "../errors.js"
import { expiryOf, RoleBinding, type RoleBindingChange } from "../model/role-binding.js"
import { pagesOf } from "./pages.js"
import type { Source, SourcePosition, SourceRead } from "./source.js"
import { closedSource, throwIfAborted } from "./unavailable.js"

/**
 * A {@link Source} that a program feeds itself. Its writes are synchronous, and pushed: the PDP decides on them a moment later, within milliseconds;
 * after `await pdp.refresh()` it does so for certain.
 */
export interface MemorySource extends Source {
  /** Adds bindings, all or none. Those that are there already with the same expiry change nothing. @throws {PdpError} `ERR_INPUT_INVALID`, `ERR_CLOSED` */
  add(...bindings: readonly RoleBinding[]): void
  /** Removes bindings, all or none. Those that are not there change nothing. @throws {PdpError} `ERR_INPUT_INVALID`, `ERR_CLOSED` */
  remove(...bindings: readonly RoleBinding[]): void
  /** Takes these bindings for all there are. @throws {PdpError} `ERR_INPUT_INVALID`, `ERR_CLOSED` */
  replace(bindings: Iterable<RoleBinding>): void
}

/**
 * Role bindings in this process. The PDP decides on a change a moment after it was made; `await pdp.refresh()` waits for that. It keeps a copy of each binding, and the last 10,000 changes; a reader that is further behind gets a snapshot.
 *
 * @param initial the bindings to begin with; none by default
 * @throws {PdpError} `ERR_INPUT_INVALID` when one of them is none
 */
export function memorySource(initial: Iterable<RoleBinding> = []): MemorySource {
  return new BindingsInMemory(initial)
}

const changesKept = 10_000

class BindingsInMemory implements MemorySource {
  readonly name = "memory"
  readonly #epoch = randomUUID()
  readonly #listeners = new Set<() => void>()
  readonly #bindings: Map<string, RoleBinding>
  /** The last changes; the newest one has the number `#sequence`. */
  #changes: readonly RoleBindingChange[] = []
  #sequence = 0
  #closed = false

  constructor(initial: Iterable<RoleBinding>) {
    this.#bindings = keyed(initial)
  }

  async read(after: SourcePosition | undefined, signal: AbortSignal): Promise<SourceRead> {
    this.#assertOpen()
    throwIfAborted(this.name, signal)
    const position = this.#position(this.#sequence)
    if (after === position) return { kind: "unchanged" }
    const missed = this.#sequence - this.#sequenceOf(after)
    if (missed > 0 && missed <= this.#changes.length) return { kind: "changes", position, changes: this.#changes.slice(-missed) }
    return { kind: "snapshot", position, pages: pagesOf(this.name, [...this.#bindings.values()], signal) }
  }

  subscribe(onNews: () => void): () => void {
    const listener = () => onNews()
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#listeners.clear()
    this.#bindings.clear()
    this.#changes = []
  }

  add(...bindings: readonly RoleBinding[]): void {
    this.#assertOpen()
    this.#commit(Array.from(keyed(bindings), ([key, binding]) => ({ op: "add", key, binding })))
  }

  remove(...bindings: readonly RoleBinding[]): void {
    this.#assertOpen()
    this.#commit(Array.from(keyed(bindings), ([key, binding]) => ({ op: "remove", key, binding })))
  }

  replace(bindings: Iterable<RoleBinding>): void {
    this.#assertOpen()
    const next = keyed(bindings)
    const changes: KeyedChange[] = []
    for (const [key, binding] of this.#bindings) if (!next.has(key)) changes.push({ op: "remove", key, binding })
    for (const [key, binding] of next) changes.push({ op: "add", key, binding })
    this.#commit(changes)
  }

  #commit(changes: readonly KeyedChange[]): void {
    const effective = changes.filter((change) => this.#isNews(change))
    if (effective.length === 0) return
    for (const { op, key, binding } of effective) {
      if (op === "add") this.#bindings.set(key, binding)
      else this.#bindings.delete(key)
    }
    this.#sequence += effective.length
    this.#changes =
      effective.length > changesKept ? [] : [...this.#changes, ...effective.map(({ op, binding }) => ({ op, binding }))].slice(-changesKept)
    for (const listener of this.#listeners) listener()
  }

  #isNews({ op, key, binding }: KeyedChange): boolean {
    const held = this.#bindings.get(key)
    if (op === "remove") return held !== undefined
    return !held || expiryOf(held) !== expiryOf(binding)
  }

  #position(sequence: number): SourcePosition {
    return `${this.#epoch}:${sequence}`
  }

  /** The number of the last change before that position; minus infinity when the position is not one of this source. */
  #sequenceOf(position: SourcePosition | undefined): number {
    const [epoch, sequence] = position?.split(":") ?? []
    return epoch === this.#epoch && sequence !== undefined && /^[0-9]{1,15}$/.test(sequence) ? Number(sequence) : Number.NEGATIVE_INFINITY
  }

  #assertOpen(): void {
    if (this.#closed) throw closedSource(this.name)
  }
}

interface KeyedChange extends RoleBindingChange {
  readonly key: string
}

function keyed(bindings: Iterable<RoleBinding>): Map<string, RoleBinding> {
  const byKey = new Map<string, RoleBinding>()
  if (!isIterable(bindings)) throw new PdpError("ERR_INPUT_INVALID", `the role bindings are ${textOf(bindings)}; pass a list of them`)
  for (const one of bindings) {
    const { data, error } = RoleBinding.safeParse(one)
    if (!data) throw new PdpError("ERR_INPUT_INVALID", `${textOf(one)} is not a role binding: ${issuesText(error)}`)
    byKey.set(JSON.stringify([data.workspace, data.role, data.principal]), data)
  }
  return byKey
}

function isIterable(value: unknown): boolean {
  return typeof value === "object" && value !== null && Symbol.iterator in value
}

/** One line that a person can read, whatever it is. */
function textOf(value: unknown): string {
  const text = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value)
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text
}

const shownCharacters = 120

function issuesText(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message)).join("; ")
}
