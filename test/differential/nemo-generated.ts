import { names } from "./nemo-names.js"
import type { Random } from "./random.js"

/** Roles, endpoints and fenced prefixes, from which a document in either format is made. */
export interface GeneratedData {
  readonly roles: Readonly<Record<string, GeneratedRole>>
  readonly endpoints: Readonly<Record<string, Readonly<Record<string, GeneratedOperation>>>>
  readonly deniedPrefixes: readonly string[]
}

interface GeneratedRole {
  readonly permissions?: readonly string[]
  readonly includes?: readonly string[]
}

interface GeneratedOperation {
  readonly permissions?: readonly string[]
  readonly scopes?: readonly string[]
  readonly callers?: readonly string[]
  readonly deny?: boolean
}

/** Small authorization data in which templates meet, roles include each other, and prefixes cut into endpoints. */
export function generateData(random: Random): GeneratedData {
  return { roles: generateRoles(random), endpoints: generateEndpoints(random), deniedPrefixes: generatePrefixes(random) }
}

/** Longer than what the reference follows. */
const chain = ["Level0", "Level1", "Level2", "Level3", "Level4", "Level5", "Level6"]

/** Names of roles that bindings may hold; `Ghost` is never defined. */
export const generatedRoles: readonly string[] = [...chain, "Viewer", "Editor", "PlatformAdmin", "ServiceSystem", "JobRunner", "Ghost"]

function generateRoles(random: Random): GeneratedData["roles"] {
  const chained = chain.map((name, level): [string, GeneratedRole] => {
    const next = chain[level + 1] ?? (random.chance(0.3) ? random.pick(chain) : "Ghost")
    return [name, { permissions: some(random, names.permissions, 2), includes: random.chance(0.85) ? [next] : some(random, generatedRoles, 2) }]
  })
  const service: [string, GeneratedRole][] = random.chance(0.9)
    ? [["ServiceSystem", { permissions: random.chance(0.8) ? ["*"] : some(random, names.permissions, 4) }]]
    : []
  return Object.fromEntries([
    ...chained,
    ["Viewer", { permissions: some(random, names.permissions, 5) }],
    ["Editor", { permissions: some(random, names.permissions, 3), includes: ["Viewer"] }],
    ["PlatformAdmin", random.chance(0.5) ? { permissions: ["iam.bundle.read"] } : {}],
    ["JobRunner", { includes: ["Editor", "Level3"] }],
    ...service,
  ])
}

const usualTemplates = [
  "/apis/docs/v2/workspaces/{workspace}/docs",
  "/apis/docs/v2/workspaces/{workspace}/docs/{name}",
  "/apis/docs/v2/workspaces/{workspace}/{collection}",
  "/apis/docs/v2/workspaces/{workspace}/{collection}/{name}",
  "/apis/{area}/v2/workspaces/{workspace}/docs",
  "/apis/docs/v2/workspaces/{id}/members",
  "/apis/docs/v2/workspaces/{id}/members/{workspace_id}",
  "/apis/docs/v2/workspaces/-/docs",
  "/apis/docs/v2/docs",
  "/apis/docs/v2/docs/{name}",
  "/apis/docs/{version}/docs",
  "/apis/jobs/v2/execution-profiles",
  "/apis/jobs/v2/workspaces/{workspace}/jobs/{name}/logs",
  "/apis/docs/v2/workspaces/{workspace}/files/{name}/-/{path}",
  "/apis/gateway/v2/workspaces/{workspace}/openai/-/{trailing_uri}",
  "/apis/gateway/v2/workspaces/{workspace}/openai/-/v1/models",
  "/apis/gateway/v2/workspaces/{workspace}/openai/-/v1/models/{name}",
  "/apis/gateway/v2/workspaces/{workspace}/{provider}/-/{trailing_uri}",
  "/apis/gateway/v2/workspaces/{workspace}/openai/-/{first}/{second}",
  "/apis/secrets/v2/workspaces/{workspace}/secrets/{name}/access",
  "/apis/vault/v2/workspaces/{workspace}/secrets/{name}/{verb}",
  "/apis/auth/v2/iam/opa-bundle.tar.gz",
  "/apis/auth/v2/iam/{name}",
  "/apis/entities/v2/workspaces",
  "/apis/entities/v2/workspaces/",
  "/apis/entities/v2/workspaces/{name}",
  "/apis/entities/v2/workspaces/{workspace}/members",
  "/apis/entities/v2/workspaces/{workspace}/members/{principal}",
  "/apis/entities/v2/workspaces/{workspace}/entities/{kind}/-/{path}",
  "/apis/entities/v2/workspaces/{workspace}/runs/{name}",
  "/apis/entities/v2/workspaces/-/{path}",
  "/apis/entities/v2/entities/{id}",
  "/apis/entities/v2/{collection}",
  "/health/live",
  "/status",
  "/cluster-info",
  "/{page}",
  "/",
  "/apis/docs/",
  "/apis//docs",
]

const placeholders = ["{x}", "{y}", "{workspace}", "{workspace_id}", "{name}"]

function generateEndpoints(random: Random): GeneratedData["endpoints"] {
  if (random.chance(0.03)) return {}
  const usual = usualTemplates.filter(() => random.chance(0.5))
  const strange = Array.from({ length: random.int(14) }, () => strangeTemplate(random))
  return Object.fromEntries([...usual, ...strange].map((template) => [template, generateOperations(random)]))
}

/** A few segments of few kinds: such templates meet, tie, and disagree on the workspace. */
function strangeTemplate(random: Random): string {
  const segments = Array.from({ length: 1 + random.int(5) }, () => random.pick(random.chance(0.55) ? names.segments : placeholders))
  return `/${segments.join("/")}`
}

function generateOperations(random: Random): Readonly<Record<string, GeneratedOperation>> {
  const methods = names.methods.filter((method) => random.chance(method === "GET" ? 0.8 : 0.3))
  return Object.fromEntries(methods.map((method) => [method.toLowerCase(), generateOperation(random)]))
}

function generateOperation(random: Random): GeneratedOperation {
  return {
    ...(random.chance(0.92) && { permissions: random.chance(0.15) ? [] : some(random, names.permissions, random.chance(0.75) ? 1 : 3) }),
    ...(random.chance(0.8) && { scopes: some(random, names.scopes, 2) }),
    ...(random.chance(0.2) && { callers: random.pick([["principal"], ["service_principal"], ["principal", "service_principal"], []]) }),
    ...(random.chance(0.06) && { deny: random.chance(0.8) }),
  }
}

function generatePrefixes(random: Random): readonly string[] {
  if (random.chance(0.65)) return []
  return some(
    random,
    ["/apis/jobs", "/apis/docs/v2/workspaces/red", "/apis/do", "/apis/gateway/v2", "/a", "/b/c", "/apis/docs/", "/health", "/nowhere"],
    3,
  )
}

/** At least one and at most so many of the items, each once. */
function some<T>(random: Random, items: readonly T[], most: number): readonly T[] {
  return [...new Set(Array.from({ length: 1 + random.int(most) }, () => random.pick(items)))]
}
