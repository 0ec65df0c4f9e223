import type { RoleBinding } from "../../../src/model/role-binding.js"
import type { Question, World } from "../question.js"
import type { Random } from "../random.js"
import { definitionOf, type Definition } from "./definition.js"
import type { Operation } from "./endpoint.js"
import { inEnvoyShape } from "./envoy-shape.js"
import { Holdings } from "./holdings.js"
import { permissions, roles, scopes, workspaces } from "./names.js"
import { randomAsker, type ClaimMembers } from "./askers.js"
import { randomTarget } from "./targets.js"
import { withWrongType } from "./wrong-types.js"

/** Questions about a world, biased towards what is nearly allowed and nearly denied. */
export function hardenedQuestions(world: World, random: Random, count: number): Question[] {
  const scene = sceneOf(world)
  return Array.from({ length: count }, () => {
    const question = randomQuestion(scene, random)
    return random.chance(0.05) ? withWrongType(random, question) : question
  })
}

interface Scene {
  readonly definition: Definition
  readonly holdings: Holdings
  readonly bindings: readonly RoleBinding[]
  readonly operations: readonly KnownOperation[]
}

interface KnownOperation {
  readonly template: string
  readonly method: string
  readonly operation: Operation
}

function sceneOf(world: World): Scene {
  const definition = definitionOf(world)
  const operations = definition.endpoints.flatMap(({ template, operations: byMethod }) =>
    [...byMethod].map(([method, operation]) => ({ template, method, operation })),
  )
  return { definition, holdings: new Holdings(definition, world.bindings), bindings: world.bindings, operations }
}

function randomQuestion(scene: Scene, random: Random): Question {
  const kind = random.next()
  if (kind < 0.16) return { entrypoint: "has_permissions", input: permissionsInput(scene, random) }
  if (kind < 0.28) return { entrypoint: "has_role", input: roleInput(scene, random) }
  return { entrypoint: "allow", input: allowInput(scene, random) }
}

function allowInput(scene: Scene, random: Random): Question["input"] {
  const known = random.pick(scene.operations)
  const binding = bindingFor(scene, random, known)
  const workspace = random.chance(0.7) ? binding.workspace : random.pick(["-", "-", "-", "-", "*", "system", ...workspaces])
  const direct = {
    ...randomAsker(random, scene.bindings, binding.principal),
    method: randomMethod(random, known.method),
    path: randomTarget(random, known.template, workspace),
    ...randomScopes(random, known.operation),
  }
  return spoofed(random, random.chance(0.35) ? inEnvoyShape(random, direct) : direct)
}

/** Usually one that grants what the operation needs, where it needs it. */
function bindingFor({ bindings, holdings }: Scene, random: Random, { template, operation }: KnownOperation): RoleBinding {
  const namesWorkspace = template.includes("workspace")
  const [permission] = operation.permissions ?? []
  let binding = random.pick(bindings)
  for (let attempt = random.int(40); attempt > 0; attempt--) {
    const { principal, workspace } = binding
    const fits = permission === undefined || holdings.holdsHimself({ kind: "person", id: principal, principals: [principal] }, workspace, permission)
    if (fits && (namesWorkspace || workspace === "system")) return binding
    binding = random.pick(bindings)
  }
  return binding
}

function randomMethod(random: Random, method: string): string {
  if (random.chance(0.85)) return method
  return random.pick(["HEAD", "GET", "POST", "DELETE", "OPTIONS", "TRACE", method.toLowerCase(), ` ${method}`, "", "*", "__proto__"])
}

function randomScopes(random: Random, { scopes: listed }: Operation): { readonly scopes?: readonly string[] | null } {
  const kind = random.next()
  if (kind < 0.35) return {}
  if (kind < 0.4) return { scopes: null }
  if (kind < 0.75 && listed.length > 0) return { scopes: [...someScopes(random), random.pick(listed)] }
  return {
    scopes: random.pick([[], [""], [" "], ["*"], ["openid"], ["openid", "profile"], ["other:read"], ["openid", "other:write"], someScopes(random)]),
  }
}

function someScopes(random: Random): readonly string[] {
  return Array.from({ length: random.int(3) }, () => random.pick([...scopes, "openid", "MODELS:READ", "models:read ", "models:*"]))
}

/** What a caller must not be able to bring himself. */
function spoofed<Input extends object>(random: Random, input: Input): Input {
  if (!random.chance(0.05)) return input
  const everywhere = Object.fromEntries(["*", "ann@example.com", ""].map((principal) => [principal, ["PlatformAdmin", "Everything"]]))
  return { ...input, bindings: { system: everywhere, ml: everywhere } }
}

function permissionsInput({ bindings, holdings }: Scene, random: Random): Question["input"] {
  const { principal, workspace } = random.pick(bindings)
  const identity = { kind: "person", id: principal, principals: [principal] } as const
  const held = permissions.filter((permission) => holdings.holdsHimself(identity, workspace, permission))
  const one = (): string => random.pick(held.length > 0 && random.chance(0.75) ? held : [...permissions, "*", "nothing.such", "__proto__"])
  const asked = Array.from({ length: random.chance(0.04) ? 0 : 1 + random.int(3) }, () => elsewhere(random, one(), workspace))
  const named = random.chance(0.85) ? workspace : random.pick(["-", "*", "", "a/b", "system", "-/", ...workspaces])
  return spoofed(random, identified(random, bindings, principal, { workspace: named, permissions: asked }))
}

function elsewhere(random: Random, permission: string, workspace: string): string {
  if (random.chance(0.75)) return random.chance(0.98) ? permission : random.pick(["", "/", `/${permission}`, `${workspace}/`])
  return `${random.pick([workspace, workspace, workspace, "system", "-", "*", "a/b", ...workspaces])}/${permission}`
}

function roleInput({ bindings }: Scene, random: Random): Question["input"] {
  const binding = random.pick(bindings)
  const workspace = random.chance(0.85) ? binding.workspace : random.pick(["-", "*", "", "a/b", ...workspaces])
  const role = random.chance(0.5) ? binding.role : random.pick([...roles, "PlatformAdmin", "ServiceSystem", "Everything", "", "None", "__proto__"])
  const effective = random.chance(0.6) && { effective: random.chance(0.8) }
  return spoofed(random, identified(random, bindings, binding.principal, { workspace, role, ...effective }))
}

function identified(random: Random, bindings: readonly RoleBinding[], principal: string, question: Question["input"]): Question["input"] {
  const asker: ClaimMembers = randomAsker(random, bindings, principal)
  return { ...(random.chance(0.2) ? inEnvoyShape(random, asker) : asker), ...question }
}
