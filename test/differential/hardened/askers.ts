import type { RoleBinding } from "../../../src/model/role-binding.js"
import type { Random } from "../random.js"
import { groups, persons, reserved, services } from "./names.js"

/** Who asks, as direct members of an input. */
export type ClaimMembers = {
  readonly principal_id?: string | null
  readonly principal_email?: string | null
  readonly principal_groups?: readonly string[] | null
  readonly on_behalf_of_principal_id?: string | null
  readonly on_behalf_of_principal_email?: string | null
  readonly on_behalf_of_principal_groups?: readonly string[] | null
}

/** Somebody for whom a stored principal speaks, or nearly; sometimes a service that acts for him. */
export function randomAsker(random: Random, bindings: readonly RoleBinding[], principal: string): ClaimMembers {
  const asker = randomPerson(random, principal)
  if (random.chance(0.75)) return random.chance(0.1) ? { ...asker, ...strayDelegateClaims(random) } : asker
  const service = randomService(random, bindings)
  return random.chance(0.85) ? delegating(random, service, asker) : delegating(random, asker, random.chance(0.5) ? service : asker)
}

type Someone = {
  readonly principal_id?: string | null
  readonly principal_email?: string | null
  readonly principal_groups?: readonly string[] | null
}

function randomPerson(random: Random, principal: string): Someone {
  if (random.chance(0.06)) return randomNobody(random)
  if (principal.startsWith("group:")) {
    const group = random.chance(0.95) ? principal.slice("group:".length) : principal
    return { principal_id: randomId(random), ...maybeEmail(random), principal_groups: shuffled(random, [group, ...moreGroups(random)]) }
  }
  const asId = principal === "*" ? randomId(random) : principal
  const byEmail = !principal.startsWith("service:") && random.chance(0.3)
  if (byEmail) return { principal_id: randomId(random), principal_email: asId, ...maybeGroups(random) }
  return { principal_id: asId, ...maybeEmail(random), ...maybeGroups(random) }
}

function randomNobody(random: Random): Someone {
  const id = random.pick([{}, { principal_id: null }, ...reserved.map((name) => ({ principal_id: name }))])
  return { ...id, ...maybeEmail(random), ...maybeGroups(random) }
}

function randomId(random: Random): string {
  return random.chance(0.25) ? `service:${random.pick(services)}` : random.pick(persons)
}

function maybeEmail(random: Random): Pick<Someone, "principal_email"> {
  if (random.chance(0.6)) return {}
  return { principal_email: random.pick([...persons, ...persons, ...reserved, ...groups, null]) }
}

function maybeGroups(random: Random): Pick<Someone, "principal_groups"> {
  if (random.chance(0.55)) return {}
  return { principal_groups: random.chance(0.1) ? null : moreGroups(random) }
}

function moreGroups(random: Random): readonly string[] {
  return Array.from({ length: random.int(4) }, () => random.pick([...groups, ...groups, ...reserved, ...persons]))
}

function shuffled(random: Random, items: readonly string[]): readonly string[] {
  return items.toSorted(() => random.next() - 0.5)
}

/** Usually one that has bindings of its own, or one that has none anywhere. */
function randomService(random: Random, bindings: readonly RoleBinding[]): Someone {
  const bound = bindings.filter(({ principal }) => principal.startsWith("service:"))
  const id = bound.length > 0 && random.chance(0.5) ? random.pick(bound).principal : `service:${random.pick([...services, "free"])}`
  return { principal_id: id, ...(random.chance(0.3) && { ...maybeEmail(random), ...maybeGroups(random) }) }
}

/** Claims of the delegate stand in members of their own, in the caller's, or are missing. */
function delegating(random: Random, service: Someone, delegate: Someone): ClaimMembers {
  const id = { on_behalf_of_principal_id: delegate.principal_id ?? null }
  if (random.chance(0.3)) return { ...delegate, principal_id: service.principal_id ?? null, ...id }
  return {
    ...service,
    ...id,
    ...("principal_email" in delegate && { on_behalf_of_principal_email: delegate.principal_email ?? null }),
    ...("principal_groups" in delegate && { on_behalf_of_principal_groups: delegate.principal_groups ?? null }),
  }
}

/** Claims of nobody: they have no effect. */
function strayDelegateClaims(random: Random): ClaimMembers {
  return random.pick([
    { on_behalf_of_principal_id: null },
    { on_behalf_of_principal_id: "", on_behalf_of_principal_groups: [random.pick(groups)] },
    { on_behalf_of_principal_email: random.pick(persons) },
    { on_behalf_of_principal_groups: [random.pick(groups)] },
    { on_behalf_of_principal_email: "", on_behalf_of_principal_groups: [] },
  ])
}
