import type { RoleBinding } from "../../src/model/role-binding.js"
import { groups, persons, roles, services, workspaces } from "./hardened/names.js"
import { ownDocument } from "./hardened/own-document.js"
import { referenceDocument } from "./hardened/reference-document.js"
import type { World } from "./question.js"
import { randomOf, type Random } from "./random.js"

export { hardenedQuestions } from "./hardened/questions.js"

/** A small dense world: names are few and meet often. One in four has a document in the reference's format. */
export function hardenedWorld(seed: number): World {
  const random = randomOf(seed)
  return {
    seed,
    profile: "hardened",
    scopes: random.pick(["strict", "strict", "lenient", "off"]),
    document: random.chance(0.25) ? referenceDocument(random) : ownDocument(random),
    bindings: randomBindings(random),
  }
}

function randomBindings(random: Random): readonly RoleBinding[] {
  const many = Array.from({ length: 20 + random.int(100) }, () => randomBinding(random))
  const admins = Array.from({ length: random.int(4) }, () => ({ principal: randomPrincipal(random), workspace: "system", role: "PlatformAdmin" }))
  return [...many, ...admins]
}

/** `Ghost` is a role that no document has. */
function randomBinding(random: Random): RoleBinding {
  const workspace = random.pick(random.chance(0.75) ? workspaces.slice(0, 6) : workspaces)
  const role = random.pick([...roles, ...roles, "Everything", "Deputy", "ServiceSystem", "Ghost"])
  return { principal: randomPrincipal(random), workspace, role }
}

function randomPrincipal(random: Random): string {
  const kind = random.next()
  if (kind < 0.06) return "*"
  if (kind < 0.3) return `group:${random.pick(groups)}`
  if (kind < 0.45) return `service:${random.pick(services)}`
  return random.pick([...persons, ...(random.chance(0.1) ? ["group:", "service:", "readers"] : [])])
}
