import { readFileSync } from "node:fs"
import type { RoleBinding } from "../../src/model/role-binding.js"
import { generateData, generatedRoles, type GeneratedData } from "./nemo-generated.js"
import { names, principals } from "./nemo-names.js"
import type { World } from "./question.js"
import { randomOf, type Random } from "./random.js"

export { nemoQuestions } from "./nemo-questions.js"

/**
 * The world of a seed: the reference's own document, or a generated one in its format or in ours.
 * The document brings no bindings, so that `world.bindings` can be a source; see {@link withPrincipals}.
 */
export function nemoWorld(seed: number): World {
  const random = randomOf(seed)
  const world = { seed, profile: "nemo", scopes: "strict" } as const
  if (random.chance(0.4)) return { ...world, document: referenceDocument, bindings: generateBindings(random, referenceRoles) }
  const data = generateData(random)
  return { ...world, document: documentOf(data, random), bindings: generateBindings(random, generatedRoles) }
}

/** The same world with its bindings in the document's `principals`, where it is a reference document. */
export function withPrincipals(world: World): World {
  if (!("authz" in world.document)) return world
  const { authz } = world.document
  return { ...world, document: { authz: { ...(typeof authz === "object" ? authz : {}), principals: principalsOf(world.bindings) } } }
}

const referenceDocument: { readonly authz: object } = JSON.parse(readFileSync(new URL("../fixtures/reference-static.json", import.meta.url), "utf8"))

const referenceRoles = ["Viewer", "Editor", "Admin", "WorkspaceCreator", "PlatformAdmin", "JobRunner", "ServiceSystem", "Ghost"]

function documentOf({ roles, endpoints, deniedPrefixes }: GeneratedData, random: Random): object {
  if (random.chance(0.15)) return ownDocumentOf({ roles, endpoints, deniedPrefixes })
  const config = deniedPrefixes.length > 0 && { config: { denied_plugin_prefixes: deniedPrefixes } }
  if (Object.keys(endpoints).length === 0 && random.chance(0.5)) return { authz: { roles, ...config } }
  const authz = { roles, endpoints, ...config }
  return { authz: random.chance(0.5) ? authz : { permissions: {}, principals: {}, workspaces: {}, config: {}, ...authz } }
}

/** Our own format knows neither operations that leave their permissions open nor empty lists of callers. */
function ownDocumentOf({ roles, endpoints, deniedPrefixes }: GeneratedData): object {
  const own = Object.entries(endpoints).map(([template, operations]) => [
    template,
    Object.fromEntries(
      Object.entries(operations).map(([method, { callers = [], permissions = [], ...operation }]) => [
        method,
        { ...operation, permissions, ...(callers.length > 0 && { callers }) },
      ]),
    ),
  ])
  return { version: 1, roles, endpoints: Object.fromEntries(own), denied_prefixes: deniedPrefixes }
}

function generateBindings(random: Random, roles: readonly string[]): readonly RoleBinding[] {
  const held = roles.filter((role) => role !== "PlatformAdmin")
  const usual = Array.from({ length: 5 + random.int(60) }, () => ({
    principal: random.pick(random.chance(0.1) ? ["*"] : principals),
    workspace: random.chance(0.2) ? "system" : random.pick(names.workspaces),
    role: random.pick(held),
  }))
  const admins = random.chance(0.7) ? [random.pick(principals), "root@acme.test"].map((principal) => adminOf(principal, random)) : []
  return [...usual, ...admins]
}

/** In `system`, where it counts, or elsewhere, where it is a role like any other. */
function adminOf(principal: string, random: Random): RoleBinding {
  return { principal, workspace: random.chance(0.7) ? "system" : random.pick(names.workspaces), role: "PlatformAdmin" }
}

function principalsOf(bindings: readonly RoleBinding[]): object {
  const entries = distinct(bindings.map(({ principal }) => principal)).map((principal) => {
    const own = bindings.filter((binding) => binding.principal === principal)
    const workspaces = distinct(own.map(({ workspace }) => workspace)).map((workspace) => [workspace, rolesIn(own, workspace)] as const)
    return [principal, { workspaces: Object.fromEntries(workspaces) }] as const
  })
  return Object.fromEntries(entries)
}

function rolesIn(bindings: readonly RoleBinding[], workspace: string): readonly string[] {
  return bindings.filter((binding) => binding.workspace === workspace).map(({ role }) => role)
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}
