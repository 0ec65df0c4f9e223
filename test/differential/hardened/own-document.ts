import type { Random } from "../random.js"
import { methods, permissions, roles, scopes } from "./names.js"
import { randomTemplates } from "./templates.js"

/** One operation as a document writes it. */
export interface WrittenOperation {
  readonly permissions?: readonly string[]
  readonly scopes?: readonly string[]
  readonly callers?: readonly string[]
  readonly deny?: boolean
  readonly public?: boolean
  readonly admin?: boolean
  readonly all_workspaces?: boolean
}

/** One role as a document writes it. */
export interface WrittenRole {
  readonly includes?: readonly string[]
  readonly permissions?: readonly string[]
}

/** Path template → lower-case method → operation. */
export type WrittenEndpoints = Readonly<Record<string, Readonly<Record<string, WrittenOperation>>>>

/** A document in our own format. */
export function ownDocument(random: Random): object {
  const endpoints = Object.fromEntries(randomTemplates(random, 10 + random.int(31)).map((template) => [template, operations(random)]))
  const templates = Object.keys(endpoints)
  return {
    version: 1,
    roles: randomRoles(random),
    endpoints,
    ...(random.chance(0.4) && { denied_prefixes: deniedPrefixes(random, templates) }),
  }
}

/** 5 to 10 roles; each may include those before it. */
export function randomRoles(random: Random): Readonly<Record<string, WrittenRole>> {
  const names = roles.filter((_, index) => index < 3 || random.chance(0.7))
  const plain = names.map((name, index): [string, WrittenRole] => [
    name,
    {
      permissions: random.chance(0.06) ? ["*"] : some(random, permissions.slice(0, -1), 3),
      ...(index > 0 && random.chance(0.5) && { includes: some(random, names.slice(0, index), 2) }),
    },
  ])
  return Object.fromEntries<WrittenRole>([
    ["PlatformAdmin", { permissions: some(random, permissions.slice(0, 4), 1) }],
    ["ServiceSystem", random.chance(0.7) ? { permissions: ["*"] } : { permissions: some(random, permissions.slice(0, -1), 4) }],
    ...plain,
    ["Everything", random.chance(0.7) ? { permissions: ["*"] } : { permissions: ["*"], includes: ["PlatformAdmin"] }],
    ["Deputy", { includes: ["PlatformAdmin", "ServiceSystem"] }],
  ])
}

/** Up to `most` of the items, at least one. */
export function some<T>(random: Random, items: readonly T[], most: number): readonly T[] {
  return Array.from({ length: 1 + random.int(most) }, () => random.pick(items))
}

function operations(random: Random): Readonly<Record<string, WrittenOperation>> {
  const chosen = random.chance(0.04) ? [] : [random.pick(["get", "get", "post"]), ...methods.filter(() => random.chance(0.25))]
  return Object.fromEntries(chosen.map((method) => [method, operation(random)]))
}

function operation(random: Random): WrittenOperation {
  const callers = random.pick([["service_principal"], ["principal"], ["principal", "service_principal"], ["service_principal"]])
  const isPublic = random.chance(0.08)
  const isDenied = random.chance(0.04)
  const needsNothing = random.chance(0.12)
  const listsNone = (isPublic || isDenied) && random.chance(0.6)
  return {
    ...(!listsNone && { permissions: needsNothing ? [] : some(random, permissions, random.chance(0.2) ? 3 : 1) }),
    ...(random.chance(0.65) && { scopes: some(random, scopes, 2) }),
    ...(random.chance(0.25) && { callers }),
    ...(random.chance(0.15) && { admin: random.chance(0.3) }),
    ...(isDenied && { deny: true }),
    ...(isPublic && { public: true }),
    ...(random.chance(0.15) && { all_workspaces: random.chance(0.2) }),
  }
}

/** Literal beginnings of templates, whole literal templates, and what no template has; only segments that can be spelled in one way. */
function deniedPrefixes(random: Random, templates: readonly string[]): readonly string[] {
  return Array.from({ length: 1 + random.int(2) }, () => {
    const [beginning = ""] = /^(?:\/[A-Za-z0-9\-._~]+(?=\/|$))*/.exec(random.pick(templates)) ?? []
    const prefix = beginning
      .split("/")
      .slice(0, 3 + random.int(4))
      .join("/")
    return prefix === "" ? "/apis/jobs" : prefix
  })
}
