import { names, principals } from "./nemo-names.js"
import type { Random } from "./random.js"

/** What a question says about who asks, before it gets its shape. */
export interface Claims {
  readonly id?: string
  readonly email?: string
  readonly groups?: readonly string[]
  readonly scopes?: readonly string[]
}

/** A caller who is that principal by id, e-mail or group; some are others of those, too. */
export function askCaller(random: Random, principal: string, others: readonly string[] = principals): Claims {
  const stranger = random.pick(random.chance(0.8) ? ["erin", ""] : others)
  const kind = random.next()
  if (kind < 0.07) return { email: principal, groups: [principal] }
  if (kind < 0.2) return { id: stranger, email: principal }
  if (kind < 0.4) return { id: stranger, email: "erin@acme.test", groups: ["erin", "", principal].slice(random.int(3)) }
  if (kind < 0.8) return { id: principal }
  return { id: principal, email: random.pick(["", ...others]), groups: [random.pick(others), ""].slice(random.int(2)) }
}

/** Scopes in every form; undefined: none are presented. */
export function askScopes(random: Random, fitting: readonly string[]): readonly string[] | undefined {
  if (random.chance(0.4)) return undefined
  const fit = random.pick(fitting.length > 0 ? fitting : names.scopes)
  return random.pick([
    [],
    ["openid", "profile"],
    [fit],
    ["openid", fit],
    [random.pick(names.scopes)],
    [random.pick(names.scopes), fit],
    ["https://acme.test/all"],
    [fit.replace(":", ".")],
    [fit.toUpperCase()],
    ["*"],
    [":"],
    [""],
  ])
}

/** The claims as members of an input, as Envoy's headers, or as both, where the direct ones win. */
export function shapeClaims(random: Random, claims: Claims, http: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const kind = random.next()
  if (kind < 0.55) return { ...directClaims(random, claims), ...http }
  if (kind < 0.9) return envoyOf({ ...http, headers: envoyHeaders(random, claims) })
  const others = envoyHeaders(random, askCaller(random, random.pick(principals)))
  if (kind < 0.95) return { ...envoyOf({ ...http, headers: others }), ...directClaims(random, claims) }
  return { ...envoyOf({ method: "GET", path: "/status", headers: others }), ...directClaims(random, claims), ...http }
}

function envoyOf(http: object): { readonly attributes: object } {
  return { attributes: { request: { http } } }
}

function directClaims(random: Random, { id, email, groups, scopes }: Claims): Readonly<Record<string, unknown>> {
  const member = (name: string, value: unknown): object => {
    if (value !== undefined) return { [name]: value }
    return random.chance(0.15) ? { [name]: null } : {}
  }
  return {
    ...member("principal_id", id),
    ...member("principal_email", email),
    ...member("principal_groups", groups),
    ...member("scopes", scopes),
    ...(random.chance(0.1) && { on_behalf_of_principal_id: random.pick([null, "", ...principals]) }),
    ...(random.chance(0.05) && { on_behalf_of_principal_email: random.pick([null, ...principals]) }),
    ...(random.chance(0.05) && { on_behalf_of_principal_groups: random.pick([null, [], [random.pick(principals)]]) }),
  }
}

function envoyHeaders(random: Random, { id, email, groups, scopes }: Claims): Readonly<Record<string, string>> {
  const comma = random.chance(0.9) ? "," : ", "
  const headers: readonly (readonly [string, string | undefined])[] = [
    ["x-nmp-principal-id", id],
    ["x-nmp-principal-email", email],
    ["x-nmp-principal-groups", groups?.join(comma)],
    ["x-nmp-scopes", scopes?.join(random.chance(0.9) ? " " : "  ")],
    ["x-nmp-principal-on-behalf-of", random.chance(0.1) ? random.pick(principals) : undefined],
  ]
  return Object.fromEntries(headers.flatMap(([name, value]) => (value === undefined ? [] : spell(random, name, value))))
}

/** In lower case, capitalised, in both with different values, or in a way that nobody reads. */
function spell(random: Random, name: string, value: string): readonly (readonly [string, string])[] {
  const capitalised = name.replaceAll(/(^|-)([a-z])/g, (match) => match.toUpperCase()).replace("Nmp", "NMP")
  const kind = random.next()
  if (kind < 0.6) return [[name, value]]
  if (kind < 0.85) return [[capitalised, value]]
  if (kind < 0.93) return [[name, value], [capitalised, random.pick(principals)]] // prettier-ignore
  return [[random.pick([name.toUpperCase(), capitalised.replace("NMP", "Nmp"), `${name} `]), value]]
}
