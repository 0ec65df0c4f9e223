import { newEnforcer, newModelFromString } from "casbin"
import type { World } from "../world.js"
import type { Rival } from "./rival.js"

/** RBAC with domains. The cheap half of the matcher stands first, and allowing ends the search. */
const model = `
[request_definition]
r = sub, dom, act
[policy_definition]
p = sub, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.act == p.act && g(r.sub, p.sub, r.dom)
`

/** casbin, told the permission that the path comes to; its synchronous call, which is the faster one. */
export async function casbin({ bindings, grants }: World): Promise<Rival> {
  const enforcer = await newEnforcer(newModelFromString(model))
  await enforcer.addPolicies([...grants].flatMap(([role, permissions]) => [...permissions].map((permission) => [role, permission])))
  await enforcer.addGroupingPolicies(bindings.map(({ principal, workspace, role }) => [principal, role, workspace]))
  return { name: "casbin", decides: ({ person, workspace, permission }) => enforcer.enforceSync(person, workspace, permission) }
}
