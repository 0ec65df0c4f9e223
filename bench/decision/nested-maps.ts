import type { World } from "../world.js"
import type { Rival } from "./rival.js"

/** The roles that a person holds in a workspace. */
export type RolesOf = (person: string, workspace: string) => readonly string[]

/** Looks roles up in nested maps: no policy, no paths, the least that anybody can do. Its answers are what all others must give. */
export function nestedMaps({ bindings, grants }: World): Rival & { readonly rolesOf: RolesOf } {
  const byPerson = new Map<string, Map<string, string[]>>()
  for (const { principal, workspace, role } of bindings) {
    const workspaces = byPerson.get(principal) ?? new Map<string, string[]>()
    byPerson.set(principal, workspaces.set(workspace, [...(workspaces.get(workspace) ?? []), role]))
  }
  const rolesOf: RolesOf = (person, workspace) => byPerson.get(person)?.get(workspace) ?? nothing
  return {
    name: "nested JS Map, no policy",
    rolesOf,
    decides: ({ person, workspace, permission }) => rolesOf(person, workspace).some((role) => grants.get(role)?.has(permission) ?? false),
  }
}

const nothing: readonly string[] = []
