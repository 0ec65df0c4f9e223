import { endpointOf, type Endpoint, type Operation } from "./endpoint.js"

/**
 * What the loader adds to a reference document: open paths become public, and what the reference's policy ties to the shape of a path becomes
 * attributes. For templates only whose deciding segments are literal: where they are not, more is restricted than the text can say.
 */
export function hardenReference(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const opened = withPublicPaths(endpoints)
  return [...opened.map(restricted), ...opened.flatMap(ofAllWorkspaces)]
}

const publicPaths = ["/health/live", "/health/ready", "/status", "/metrics", "/cluster-info", "/apis/auth/discovery"]
const publicOperation: Operation = {
  permissions: [],
  scopes: [],
  callers: ["principal", "service_principal"],
  deny: false,
  public: true,
  admin: true,
  all_workspaces: true,
}

function withPublicPaths(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const missing = publicPaths.filter((path) => !endpoints.some(({ template }) => template === path))
  return [...endpoints, ...missing.map((template) => endpointOf(template, new Map()))].map((endpoint) =>
    publicPaths.includes(endpoint.template) ? withPublicReads(endpoint) : endpoint,
  )
}

function withPublicReads({ template, operations }: Endpoint): Endpoint {
  const reads = ["GET", "HEAD"].map((method) => [method, { ...(operations.get(method) ?? publicOperation), public: true }] as const)
  return endpointOf(template, new Map([...operations, ...reads]))
}

function restricted({ template, operations }: Endpoint): Endpoint {
  const forServices = [...operations].map(([method, operation]) => [method, restrictedOperation(template, method, operation)] as const)
  return endpointOf(template, new Map(forServices))
}

function restrictedOperation(template: string, method: string, operation: Operation): Operation {
  if (isSecretValue(template)) return { ...operation, callers: ["service_principal"], admin: false }
  if (isInEntityStore(template) && !isOpen(template, method)) return { ...operation, callers: ["service_principal"] }
  return operation
}

/** Members, projects and entities of workspace `-`: a template of its own, which names no workspace. */
function ofAllWorkspaces({ template, operations }: Endpoint): readonly Endpoint[] {
  if (!insideWorkspace.test(template)) return []
  const own = template.replace(/^\/apis\/entities\/v2\/workspaces\/\{[^/]*\}/, "/apis/entities/v2/workspaces/-")
  const forServices = [...operations].map(([method, operation]) => [method, { ...operation, callers: ["service_principal"] }] as const)
  return [endpointOf(own, new Map<string, Operation>(forServices))]
}

const insideWorkspace = /^\/apis\/entities\/v2\/workspaces\/\{[^/]*\}\/(?:members|projects|entities)(?:\/|$)/

/** `/…/…/…/workspaces/…/secrets/…/access` */
function isSecretValue(template: string): boolean {
  return /^\/[^/]+\/[^/]+\/[^/]+\/workspaces\/[^/]+\/secrets\/[^/]+\/access$/.test(template)
}

function isInEntityStore(template: string): boolean {
  return template.startsWith("/apis/entities/v2/")
}

function isOpen(template: string, method: string): boolean {
  if (template === "/apis/entities/v2/workspaces") return method === "GET" || method === "POST"
  if (/^\/apis\/entities\/v2\/workspaces\/[^/]+$/.test(template)) return method === "GET" || method === "PUT" || method === "DELETE"
  return insideWorkspace.test(template)
}
