import type { RoleBinding } from "../../src/model/role-binding.js"
import { askCaller, askScopes, shapeClaims } from "./nemo-callers.js"
import { readNemoDocument, type NemoDocument } from "./nemo-document.js"
import { names, principals } from "./nemo-names.js"
import { askPath } from "./nemo-paths.js"
import type { Question, World } from "./question.js"
import type { Random } from "./random.js"

/** Questions about a world: most of them about what somebody holds there, or nearly holds. */
export function nemoQuestions(world: World, random: Random, count: number): Question[] {
  const scene = { random, bindings: world.bindings, document: readNemoDocument(world.document) }
  return Array.from({ length: count }, () => ask(scene))
}

interface Scene {
  readonly random: Random
  readonly bindings: readonly RoleBinding[]
  readonly document: NemoDocument
}

function ask(scene: Scene): Question {
  const { random } = scene
  const kind = random.next()
  const question = kind < 0.8 ? askAllow(scene) : kind < 0.91 ? askPermissions(scene) : askRole(scene)
  return random.chance(0.05) ? mistype(random, question) : question
}

function askAllow(scene: Scene): Question {
  const { random, document } = scene
  const templates = [...document.endpoints.keys()]
  const template = templates.length > 0 ? random.pick(templates) : undefined
  const operations = document.endpoints.get(template ?? "")
  const method = askMethod(random, [...(operations?.keys() ?? [])])
  const { principal, workspace, others } = askWho(scene)
  const target = random.chance(0.12) ? "-" : random.chance(0.9) ? workspace : random.pick(["system", ...names.workspaces])
  const http = { method, path: askPath(random, template, target) }
  const scopes = askScopes(random, operations?.get(method.toLowerCase())?.scopes ?? [])
  const claims = { ...askCaller(random, principal, others), ...(scopes && { scopes }) }
  return { entrypoint: "allow", input: shapeClaims(random, claims, random.chance(0.98) ? http : random.pick([{ path: http.path }, { method }, {}])) }
}

/** Mostly one that the endpoint has. */
function askMethod(random: Random, configured: readonly string[]): string {
  if (configured.length > 0 && random.chance(0.8)) return random.chance(0.95) ? random.pick(configured).toUpperCase() : random.pick(configured)
  return random.pick([...names.methods, ...names.methods, "get", "Get", "post", "TRACE", "", "GET ", "po\u017ft"])
}

/** Mostly somebody who is bound there, with the others who are. */
function askWho({ random, bindings }: Scene): Asker {
  const { principal, workspace } =
    bindings.length > 0 && random.chance(0.75)
      ? random.pick(bindings)
      : { principal: random.pick([...principals, ...names.services, "root@acme.test"]), workspace: random.pick(names.workspaces) }
  const others = bindings.filter((binding) => binding.workspace === workspace).map((binding) => binding.principal)
  return { principal, workspace, others: others.length > 0 ? others : principals }
}

interface Asker {
  readonly principal: string
  readonly workspace: string
  readonly others: readonly string[]
}

function askPermissions(scene: Scene): Question {
  const { random } = scene
  const { principal, workspace, others } = askWho(scene)
  const asked = { workspace: random.chance(0.85) ? workspace : random.pick(oddWorkspaces), permissions: askedPermissions(scene, workspace) }
  return { entrypoint: "has_permissions", input: { ...shapeClaims(random, askCaller(random, principal, others), {}), ...asked } }
}

const oddWorkspaces = ["system", "", "-", "*", "a/b", "nowhere", ...names.workspaces]

function askedPermissions({ random, document }: Scene, workspace: string): readonly string[] {
  if (random.chance(0.05)) return []
  const known = [...names.permissions, ...[...document.roles.values()].flatMap(({ permissions }) => permissions)]
  const one = (): string => {
    const permission = random.pick(known)
    const kind = random.next()
    if (kind < 0.75) return permission
    if (kind < 0.9) return `${random.chance(0.7) ? workspace : random.pick(names.workspaces)}/${permission}`
    return random.pick([
      "",
      "no.such",
      "*",
      "/",
      `/${permission}`,
      `${permission}/`,
      `a/${workspace}/${permission}`,
      permission.toUpperCase(),
      `-/${permission}`,
    ])
  }
  return Array.from({ length: random.chance(0.6) ? 1 : 1 + random.int(3) }, one)
}

function askRole(scene: Scene): Question {
  const { random, bindings, document } = scene
  const { principal, workspace, others } = askWho(scene)
  const held = bindings.filter((binding) => binding.principal === principal && binding.workspace === workspace).map(({ role }) => role)
  const role = random.pick(held.length > 0 && random.chance(0.5) ? held : [...document.roles.keys(), "ServiceSystem", "Ghost", "viewer", ""])
  const asked = {
    workspace: random.chance(0.85) ? workspace : random.pick(oddWorkspaces),
    role,
    ...(random.chance(0.5) && { effective: random.chance(0.8) }),
  }
  return { entrypoint: "has_role", input: { ...shapeClaims(random, askCaller(random, principal, others), {}), ...asked } }
}

/** One value gets a wrong JSON type: always a deny. */
function mistype(random: Random, { entrypoint, input }: Question): Question {
  const wrong = { ...input, [random.pick(mistyped.texts)]: random.pick([5, true, false, [], ["x"], {}]) }
  const http = random.pick<unknown>([
    5,
    [],
    null,
    { headers: 5 },
    { headers: { "x-nmp-principal-id": null } },
    { headers: { host: 1 } },
    { path: null },
    { method: 1 },
  ])
  const variants: readonly Question["input"][] = [
    wrong,
    { ...input, [random.pick(mistyped.lists)]: random.pick<unknown>(["x", "", 5, true, {}, [1], ["x", null], [["x"]]]) },
    { ...input, attributes: random.pick<unknown>([5, null, [], "x", { request: null }, { request: 1 }, { request: { http } }]) },
  ]
  const own: Readonly<Record<Question["entrypoint"], Question["input"]>> = {
    allow: {
      ...input,
      ...random.pick([{ method: null }, { path: null }, { path: 5 }, { method: ["GET"] }, { scopes: "docs:read" }, { scopes: [null] }]),
    },
    has_permissions: {
      ...input,
      ...random.pick([{ permissions: "docs.read" }, { permissions: [5] }, { permissions: null }, { workspace: null }, { workspace: 1 }]),
    },
    has_role: { ...input, ...random.pick([{ role: null }, { role: ["Viewer"] }, { workspace: [] }, { effective: null }, { effective: "true" }]) },
  }
  return { entrypoint, input: random.pick([...variants, own[entrypoint]]) }
}

const mistyped = {
  texts: ["principal_id", "principal_email", "on_behalf_of_principal_id", "on_behalf_of_principal_email"],
  lists: ["principal_groups", "on_behalf_of_principal_groups"],
} as const
