import type { Random } from "../random.js"
import { permissions, scopes } from "./names.js"
import { randomRoles, some, type WrittenOperation } from "./own-document.js"

/** A document in the reference's format, of templates whose shape the loader looks at, and their neighbours. */
export function referenceDocument(random: Random): object {
  const chosen = templates.filter(() => random.chance(0.75))
  const endpoints = Object.fromEntries(chosen.map((template) => [template, operations(random, template)]))
  const config = random.chance(0.3) && { config: { denied_plugin_prefixes: [random.pick(["/apis/models/v2/jobs", "/apis/secrets", "/apis/x"])] } }
  return { authz: { roles: randomRoles(random), endpoints, ...config } }
}

const entities = "/apis/entities/v2/workspaces"
const templates = [
  "/health/live",
  "/status",
  "/metrics/{name}",
  "/apis/auth/discovery",
  "/apis/secrets/v2/workspaces/{workspace}/secrets",
  "/apis/secrets/v2/workspaces/{workspace}/secrets/{name}",
  "/apis/secrets/v2/workspaces/{workspace}/secrets/{name}/access",
  "/apis/secrets/v2/workspaces/{workspace}/secrets/{name}/versions",
  "/apis/vault/v1/workspaces/{workspace_id}/secrets/{name}/access",
  "/apis/secrets/v2/workspaces/{workspace}/keys/{name}/access",
  entities,
  `${entities}/{workspace}`,
  `${entities}/{workspace}/members`,
  `${entities}/{workspace}/members/{name}`,
  `${entities}/{workspace}/projects`,
  `${entities}/{workspace}/entities/{kind}/{name}`,
  `${entities}/{workspace}/models`,
  `${entities}/{workspace}/models/{name}`,
  "/apis/entities/v2/models/{name}",
  "/apis/entities/v1/workspaces/{workspace}/models",
  "/apis/models/v2/workspaces/{workspace}/models",
  "/apis/models/v2/workspaces/{workspace}/models/{name}",
  "/apis/models/v2/jobs/{name}",
  "/apis/files/v2/workspaces/{workspace}/files/{name}/-/{path}",
  "/apis/files/v2/workspaces/{workspace}/files/{name}/-/v1/{path}",
]

/** Methods that the text is silent about on open endpoints are left out: what HEAD of its own means on them. */
function operations(random: Random, template: string): Readonly<Record<string, WrittenOperation>> {
  const methods = ["get", "post", "put", "delete", "patch", ...(template.startsWith(entities) ? [] : ["head"])]
  const chosen = ["get", ...methods.filter(() => random.chance(0.3))]
  return Object.fromEntries(chosen.map((method) => [method, operation(random, template)]))
}

/** Without `permissions` where the path names a workspace, the text is silent about workspace `-`. */
function operation(random: Random, template: string): WrittenOperation {
  const isListed = template.includes("workspaces/") || random.chance(0.8)
  const mayChooseCallers = !template.startsWith("/apis/entities") && !template.endsWith("/access")
  return {
    ...(isListed && { permissions: random.chance(0.15) ? [] : some(random, permissions, 1) }),
    ...(random.chance(0.65) && { scopes: some(random, scopes, 2) }),
    ...(mayChooseCallers && random.chance(0.15) && { callers: [random.pick(["principal", "service_principal"])] }),
    ...(random.chance(0.03) && { deny: true }),
  }
}
