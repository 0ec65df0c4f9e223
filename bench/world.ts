import { readFileSync } from "node:fs"
import { loadAuthorizationData, type AuthorizationData } from "../src/authorization-data/index.js"
import type { AuthorizationRequest, RoleBinding } from "../src/index.js"
import { authorizationData } from "./clone.js"
import { seededRandom } from "./random.js"

/** Bindings of one size, and questions about them. The same size is the same world. */
export interface World {
  readonly size: number
  readonly bindings: readonly RoleBinding[]
  readonly questions: readonly Question[]
  /** Role → the permissions that it holds, inheritance flattened. */
  readonly grants: ReadonlyMap<string, ReadonlySet<string>>
}

/** One question, and what it comes to once the path is routed: does the person hold the permission in the workspace? */
export interface Question {
  readonly request: AuthorizationRequest
  readonly person: string
  readonly workspace: string
  readonly permission: string
}

const bindingsPerPerson = 5
const bindingsPerWorkspace = 200
const fewestWorkspaces = 20
const questionCount = 20_000

/** Of these roles, in the shares of a usual platform. */
const rolesDrawn = ["Viewer", "Viewer", "Viewer", "Viewer", "Viewer", "Editor", "Editor", "Editor", "Admin"] as const

/**
 * A world of `size` bindings: each person holds one role in each of five workspaces. Half the questions are about a workspace in which the
 * person holds a role, half about one in which he holds none: whatever the size, the same shares are allowed.
 */
export function worldOf(size: number): World {
  const random = seededRandom(size)
  const data = readData()
  const bindings = bindingsOf(size, random)
  const operations = askedOperations(data)
  const questions = Array.from({ length: questionCount }, (_, at) => {
    const from = Math.floor((random() * size) / bindingsPerPerson) * bindingsPerPerson
    const theirs = bindings.slice(from, from + bindingsPerPerson)
    const { principal, workspace } = pick(theirs, random)
    return questionOf(pick(operations, random), principal, at % 2 === 0 ? workspace : elsewhere(theirs, workspacesFor(size), random), at)
  })
  return { size, bindings, questions, grants: grantsOf(data) }
}

/** Bindings only. */
export function bindingsOf(size: number, random: () => number = seededRandom(size)): RoleBinding[] {
  const workspaceCount = workspacesFor(size)
  const bindings: RoleBinding[] = []
  for (let person = 0; bindings.length < size; person++) {
    const principal = `person-${person}@example.com`
    const first = Math.floor(random() * workspaceCount)
    for (let more = 0; more < bindingsPerPerson && bindings.length < size; more++)
      bindings.push({ principal, workspace: workspaceName((first + more * 7) % workspaceCount), role: pick(rolesDrawn, random) })
  }
  return bindings
}

interface AskedOperation {
  readonly template: string
  readonly method: string
  readonly permission: string
}

/** What needs one permission in the workspace of the path, whoever calls. */
function askedOperations(data: AuthorizationData): AskedOperation[] {
  return [...data.endpoints].flatMap(([template, operations]) =>
    [...operations].flatMap(([method, { permissions, callers, deny, public: open }]) => {
      const [permission] = permissions
      const asked = template.includes("/{workspace}/") && !template.includes("/-/") && !callers && !deny && !open
      return asked && permission !== undefined && permissions.length === 1 ? [{ template, method, permission }] : []
    }),
  )
}

function questionOf({ template, method, permission }: AskedOperation, person: string, workspace: string, at: number): Question {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => (name === "workspace" ? workspace : `${name}-${at}`))
  return { request: { principal: { id: person }, method, path }, person, workspace, permission }
}

function elsewhere(bindings: readonly RoleBinding[], workspaceCount: number, random: () => number): string {
  const name = workspaceName(Math.floor(random() * workspaceCount))
  return bindings.some(({ workspace }) => workspace === name) ? elsewhere(bindings, workspaceCount, random) : name
}

function readData(): AuthorizationData {
  const text = readFileSync(authorizationData, "utf8")
  return loadAuthorizationData({ documents: [{ name: authorizationData, text }], profile: "hardened" }).data
}

function grantsOf({ roles }: AuthorizationData): Map<string, Set<string>> {
  const flattened = (role: string): string[] => {
    const { permissions = [], includes = [] } = roles.get(role) ?? {}
    return [...permissions, ...includes.flatMap(flattened)]
  }
  return new Map([...new Set(rolesDrawn)].map((role) => [role, new Set(flattened(role))]))
}

function workspacesFor(size: number): number {
  return Math.max(fewestWorkspaces, Math.ceil(size / bindingsPerWorkspace))
}

function workspaceName(at: number): string {
  return `workspace-${at}`
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new RangeError("nothing to pick from")
  return item
}
