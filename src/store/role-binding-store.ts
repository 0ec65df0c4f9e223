import { expiryOf, type RoleBinding, type RoleBindingChange } from "../model/role-binding.js"
import { Expiries } from "./expiries.js"
import { holdingIn, holdingsOf, withHolding, withoutHolding, type Held } from "./held.js"
import { Holdings, type Workspace } from "./holding.js"
import { NameMap } from "./name-map.js"
import { quoted } from "./quoted.js"
import type { Store } from "./store.js"

/** A {@link Store} that another one can be built beside. */
export interface RoleBindingStore extends Store {
  /** Adds bindings in one step that cannot throw; cheaper than changes. @returns how many were new */
  add(bindings: readonly RoleBinding[]): number
  /** What one principal holds, whatever has expired included. Cost: that many. */
  heldBy(principal: string): readonly RoleBinding[]
  /** How many bindings name each role. Cost: the number of distinct sets of roles, whatever the number of bindings. */
  countByRole(): ReadonlyMap<string, number>
  /** A new, empty store, to be built beside this one. */
  empty(): RoleBindingStore
  /**
   * Tells before each change what undoes it; read backwards, that leads back to the state of now. With it the bindings can be read while they change.
   *
   * @param onChange must not throw
   * @returns stops it
   */
  observe(onChange: (undo: RoleBindingChange) => void): () => void
}

/**
 * An empty store. A million bindings take about 100 MB and a second to add.
 * What principals hold in common is kept once; what nobody holds any more is freed.
 */
export function roleBindingStore(): RoleBindingStore {
  return new Bindings()
}

class Bindings implements RoleBindingStore {
  readonly #principals = new NameMap<Held>()
  readonly #holdings = new Holdings()
  readonly #expiries = new Expiries()
  readonly #observers = new Set<(undo: RoleBindingChange) => void>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get nextExpiry(): number {
    return this.#expiries.next
  }

  expire(nowMs: number): number {
    const before = this.#size
    for (const binding of this.#expiries.due(nowMs)) this.#remove(binding)
    return before - this.#size
  }

  add(bindings: readonly RoleBinding[]): number {
    const before = this.#size
    for (const binding of bindings) this.#add(binding)
    return this.#size - before
  }

  apply(changes: readonly RoleBindingChange[]): number {
    let effective = 0
    for (const { op, binding } of changes) if (op === "add" ? this.#add(binding) : this.#remove(binding)) effective++
    return effective
  }

  heldBy(principal: string): readonly RoleBinding[] {
    const held = this.#principals.get(principal)
    return held ? [...this.#bindingsOf(principal, held)] : []
  }

  countByRole(): ReadonlyMap<string, number> {
    return this.#holdings.countByRole()
  }

  empty(): RoleBindingStore {
    return new Bindings()
  }

  observe(onChange: (undo: RoleBindingChange) => void): () => void {
    this.#observers.add(onChange)
    return () => void this.#observers.delete(onChange)
  }

  has(binding: RoleBinding): boolean {
    const held = this.#principals.get(binding.principal)
    const workspace = held && this.#holdings.workspace(binding.workspace)
    const isHeld = (workspace && holdingIn(held, workspace)?.roleSet.roles.includes(binding.role)) ?? false
    return isHeld && this.#expiries.of(binding) === expiryOf(binding)
  }

  mayNameWorkspace(text: string, start: number, end: number): boolean {
    return this.#holdings.mayNameWorkspace(text, start, end)
  }

  sliceText(principals: readonly string[], workspaces: readonly string[]): string {
    const distinct = principals.length > fewPrincipals ? [...new Set(principals)] : principals
    const names: string[] = []
    const helds: Held[] = []
    for (let at = 0; at < distinct.length; at++) {
      const name = distinct[at] ?? ""
      const held = this.#principals.get(name)
      if (!held || (distinct === principals && names.includes(name))) continue
      names.push(name)
      helds.push(held)
    }
    if (names.length === 0) return "{}"
    let text = ""
    for (const workspace of this.#known(workspaces)) {
      let roles = ""
      for (let at = 0; at < helds.length; at++) {
        const held = helds[at]
        const holding = held && holdingIn(held, workspace)
        if (holding) roles += `${roles === "" ? "" : ","}${quoted(names[at] ?? "")}:${holding.roleSet.text}`
      }
      if (roles !== "") text += `${text === "" ? "{" : ","}${workspace.quoted}:{${roles}}`
    }
    return text === "" ? "{}" : `${text}}`
  }

  *[Symbol.iterator](): Generator<RoleBinding> {
    for (const [principal, held] of this.#principals) yield* this.#bindingsOf(principal, held)
  }

  *#bindingsOf(principal: string, held: Held): Generator<RoleBinding> {
    for (const { workspace, roleSet } of holdingsOf(held))
      for (const role of roleSet.roles) yield this.#binding({ principal, workspace: workspace.name, role })
  }

  #binding(binding: RoleBinding): RoleBinding {
    const at = this.#expiries.of(binding)
    return at === Number.POSITIVE_INFINITY ? binding : { ...binding, expires_at: new Date(at).toISOString() }
  }

  #add(binding: RoleBinding): boolean {
    const { principal, workspace, role } = binding
    const held = this.#principals.get(principal)
    const known = held && this.#holdings.workspace(workspace)
    const before = known && holdingIn(held, known)
    const isHeld = before?.roleSet.roles.includes(role) ?? false
    if (this.#observers.size > 0) this.#tell(isHeld ? "add" : "remove", binding)
    const isRescheduled = this.#expiries.set(binding)
    if (isHeld) return isRescheduled
    const holding = this.#holdings.acquire(workspace, before?.roleSet.roles ?? [], role)
    const after = withHolding(held, holding)
    if (after !== held) this.#principals.set(principal, after)
    if (before) this.#holdings.release(before)
    this.#size++
    return true
  }

  #remove(binding: RoleBinding): boolean {
    const { principal, workspace, role } = binding
    const held = this.#principals.get(principal)
    if (!held) return false
    const known = this.#holdings.workspace(workspace)
    const before = known && holdingIn(held, known)
    if (!before?.roleSet.roles.includes(role)) return false
    if (this.#observers.size > 0) this.#tell("add", binding)
    const holding = this.#holdings.acquireWithout(workspace, before.roleSet.roles, role)
    const after = holding ? withHolding(held, holding) : withoutHolding(held, before.workspace)
    if (!after) this.#principals.delete(principal)
    else if (after !== held) this.#principals.set(principal, after)
    this.#holdings.release(before)
    this.#expiries.delete(binding)
    this.#size--
    return true
  }

  #tell(op: RoleBindingChange["op"], { principal, workspace, role }: RoleBinding): void {
    const undo = { op, binding: this.#binding({ principal, workspace, role }) }
    for (const onChange of this.#observers) onChange(undo)
  }

  /** The workspaces that exist among these names, each once, in the order in which they are named first. */
  #known(names: readonly string[]): readonly Workspace[] {
    const known: Workspace[] = []
    for (let at = 0; at < names.length; at++) {
      const workspace = this.#holdings.workspace(names[at] ?? "")
      if (!workspace || workspace.listed) continue
      workspace.listed = true
      known.push(workspace)
    }
    for (const workspace of known) workspace.listed = false
    return known
  }
}

const fewPrincipals = 8
