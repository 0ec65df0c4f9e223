import { NameFilter } from "./name-filter.js"
import { NameMap } from "./name-map.js"
import { quoted } from "./quoted.js"

/** One workspace in which somebody holds a role. */
export class Workspace {
  readonly name: string
  /** The name as a JSON string. */
  readonly quoted: string
  /** How many holdings name it. */
  holdings = 0
  /** True while one slice collects its workspaces. */
  listed = false

  constructor(name: string) {
    this.name = name
    this.quoted = quoted(name)
  }
}

/** Some roles together, without a word of who holds them and where. */
export interface RoleSet {
  /** Sorted, unique. */
  readonly roles: readonly string[]
  /** The roles as a JSON array. */
  readonly text: string
  /** Where they are held together. */
  readonly holdings: Map<Workspace, Holding>
  /** How many principals hold exactly this, those of each workspace counted anew. */
  principals: number
}

/** What any number of principals hold in one workspace. */
export class Holding {
  readonly workspace: Workspace
  readonly roleSet: RoleSet
  /** How many principals hold exactly this. */
  principals = 0

  constructor(workspace: Workspace, roleSet: RoleSet) {
    this.workspace = workspace
    this.roleSet = roleSet
  }
}

/** Every {@link Holding} of one store, each once. What nobody holds any more is forgotten. */
export class Holdings {
  readonly #workspaces = new NameMap<Workspace>()
  readonly #names = new NameFilter()
  readonly #roleSets = new Map<string, RoleSet>()

  workspace(name: string): Workspace | undefined {
    return this.#workspaces.get(name)
  }

  /** False when that part of the text is certainly no workspace in which anybody holds a role. */
  mayNameWorkspace(text: string, start: number, end: number): boolean {
    return this.#names.mayHold(text, start, end)
  }

  /** The holding of these roles and one more, counted for one more principal. `roles` must not hold `role`. */
  acquire(workspaceName: string, roles: readonly string[], role: string): Holding {
    return this.#acquire(workspaceName, roles.length === 0 ? [role] : [...roles, role].sort())
  }

  /** The holding of these roles but one, counted for one more principal; `undefined` when no role is left. */
  acquireWithout(workspaceName: string, roles: readonly string[], role: string): Holding | undefined {
    const left = roles.filter((held) => held !== role)
    return left.length === 0 ? undefined : this.#acquire(workspaceName, left)
  }

  /** How many bindings name each role. Cost: the number of distinct sets of roles. */
  countByRole(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const { roles, principals } of this.#roleSets.values()) for (const role of roles) counts.set(role, (counts.get(role) ?? 0) + principals)
    return counts
  }

  /** Counts one principal less. */
  release(holding: Holding): void {
    const { workspace, roleSet } = holding
    roleSet.principals--
    if (--holding.principals > 0) return
    roleSet.holdings.delete(workspace)
    if (roleSet.holdings.size === 0) this.#roleSets.delete(roleSet.text)
    if (--workspace.holdings === 0) this.#workspaces.delete(workspace.name)
  }

  #acquire(workspaceName: string, roles: readonly string[]): Holding {
    const workspace = this.#internWorkspace(workspaceName)
    const roleSet = this.#internRoleSet(roles)
    let holding = roleSet.holdings.get(workspace)
    if (!holding) {
      holding = new Holding(workspace, roleSet)
      roleSet.holdings.set(workspace, holding)
      workspace.holdings++
    }
    holding.principals++
    roleSet.principals++
    return holding
  }

  #internWorkspace(name: string): Workspace {
    let workspace = this.#workspaces.get(name)
    if (!workspace) {
      this.#workspaces.set(name, (workspace = new Workspace(name)))
      this.#names.add(name)
    }
    return workspace
  }

  #internRoleSet(roles: readonly string[]): RoleSet {
    const text = `[${roles.map(quoted).join()}]`
    let roleSet = this.#roleSets.get(text)
    if (!roleSet) this.#roleSets.set(text, (roleSet = { roles, text, holdings: new Map(), principals: 0 }))
    return roleSet
  }
}
