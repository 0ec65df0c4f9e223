import { preparsePolicySet, statefulIsAuthorized } from "@cedar-policy/cedar-wasm/nodejs"
import type { World } from "../world.js"
import type { RolesOf } from "./nested-maps.js"
import type { Rival } from "./rival.js"

/** Cedar in WASM: one static policy a role, parsed beforehand; the entities are the caller with his roles in the workspace. */
export function cedar({ grants }: World, rolesOf: RolesOf): Rival {
  const parsed = preparsePolicySet(policySetId, {
    staticPolicies: [...grants].map(([role, permissions]) => rolePolicy(role, permissions)).join("\n"),
  })
  if (parsed.type === "failure") throw new Error(`Cedar does not parse its policies: ${JSON.stringify(parsed.errors)}`)
  return {
    name: "cedar-wasm, policies parsed before",
    decides: ({ person, workspace, permission }) => {
      const uid = { type: "Person", id: person }
      const parents = rolesOf(person, workspace).map((role) => ({ type: "Role", id: role }))
      const answer = statefulIsAuthorized({
        principal: uid,
        action: { type: "Action", id: permission },
        resource: { type: "Workspace", id: workspace },
        context: {},
        preparsedPolicySetId: policySetId,
        entities: [{ uid, attrs: {}, parents }],
      })
      return answer.type === "success" && answer.response.decision === "allow"
    },
  }
}

const policySetId = "roles"

function rolePolicy(role: string, permissions: ReadonlySet<string>): string {
  const actions = [...permissions].map((permission) => `Action::${JSON.stringify(permission)}`)
  return `permit(principal in Role::${JSON.stringify(role)}, action in [${actions.join(", ")}], resource);`
}
