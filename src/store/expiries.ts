import { expiryOf, type RoleBinding } from "../model/role-binding.js"

/** When which bindings expire. Most never do, and cost nothing here. */
export class Expiries {
  /** By principal, so that a binding of somebody whose bindings all stay costs one lookup; then by workspace and role. */
  readonly #times = new Map<string, Map<string, number>>()
  /** A binary heap, soonest first. Entries that {@link #times} does not confirm are stale. */
  readonly #heap: Expiry[] = []

  /** When the next binding expires, in milliseconds since the epoch; infinity when none will. May be too early, never too late. */
  get next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** When this one expires; infinity when it stays. */
  of(binding: RoleBinding): number {
    return this.#times.get(binding.principal)?.get(keyOf(binding)) ?? Number.POSITIVE_INFINITY
  }

  /** Takes the expiry that the binding says. @returns true when it had another one */
  set(binding: RoleBinding): boolean {
    const at = expiryOf(binding)
    if (at === this.of(binding)) return false
    if (at === Number.POSITIVE_INFINITY) this.delete(binding)
    else {
      this.#timesOf(binding.principal).set(keyOf(binding), at)
      this.#push({ at, binding })
    }
    return true
  }

  delete(binding: RoleBinding): void {
    const times = this.#times.get(binding.principal)
    if (times?.delete(keyOf(binding)) && times.size === 0) this.#times.delete(binding.principal)
  }

  /** Takes out the bindings that have expired at that time. */
  *due(nowMs: number): Generator<RoleBinding> {
    for (let first = this.#heap[0]; first && first.at <= nowMs; first = this.#heap[0]) {
      this.#pop()
      if (this.of(first.binding) !== first.at) continue
      yield first.binding
    }
  }

  #timesOf(principal: string): Map<string, number> {
    const known = this.#times.get(principal)
    if (known) return known
    const times = new Map<string, number>()
    this.#times.set(principal, times)
    return times
  }

  #push(expiry: Expiry): void {
    const heap = this.#heap
    let at = heap.push(expiry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if ((heap[parent]?.at ?? 0) <= expiry.at) break
      this.#swap(at, parent)
      at = parent
    }
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    heap[0] = last
    for (let at = 0; ;) {
      const soonest = [2 * at + 1, 2 * at + 2].reduce(
        (best, child) => ((heap[child]?.at ?? Infinity) < (heap[best]?.at ?? Infinity) ? child : best),
        at,
      )
      if (soonest === at) return
      this.#swap(at, soonest)
      at = soonest
    }
  }

  #swap(one: number, other: number): void {
    const [left, right] = [this.#heap[one], this.#heap[other]]
    if (!left || !right) return
    this.#heap[one] = right
    this.#heap[other] = left
  }
}

interface Expiry {
  readonly at: number
  readonly binding: RoleBinding
}

function keyOf({ workspace, role }: RoleBinding): string {
  return `${workspace.length}:${workspace}${role}`
}
