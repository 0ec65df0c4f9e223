import type { OperationDefinition } from "./definition.js"
import type { MergedEndpoint } from "./merge.js"
import type { RestrictedEndpoints } from "./reference-restrictions.js"

/** Paths that the reference answers without a principal, whatever its document says. */
const publicPaths = ["/health/live", "/health/ready", "/status", "/metrics", "/cluster-info", "/apis/auth/discovery"]

/**
 * Adds GET and HEAD of the reference's open paths as public operations.
 * Operations with `deny: true`, and paths whose GET or HEAD a document in our own format defines, stay as they are.
 *
 * @param file the document that the additions are ascribed to
 */
export function addPublicEndpoints(endpoints: ReadonlyMap<string, MergedEndpoint>, file: string): RestrictedEndpoints {
  const added: string[] = []
  const opened = new Map(endpoints)
  for (const template of publicPaths) {
    const endpoint = opened.get(template) ?? { template, file, line: 0, format: "reference", operations: new Map() }
    const reads = ["GET", "HEAD"]
    if (reads.some((method) => isOwn(endpoint.operations.get(method)))) continue
    const open = reads.filter((method) => !endpoint.operations.get(method)?.operation.deny)
    for (const method of open) added.push(`${method} ${template}: public`)
    const operations = open.map((method) => [method, publicOperation(endpoint, method)] as const)
    opened.set(template, { ...endpoint, operations: new Map([...endpoint.operations, ...operations]) })
  }
  return { endpoints: opened, added }
}

function isOwn(operation: OperationDefinition | undefined): boolean {
  return operation !== undefined && operation.format !== "reference"
}

function publicOperation({ template, file, line, operations }: MergedEndpoint, method: string): OperationDefinition {
  const known = operations.get(method)
  const operation = known?.operation ?? { permissions: [], scopes: [], deny: false, admin: true, all_workspaces: true, permissions_listed: false }
  return { template, file, line: known?.line ?? line, method, format: "reference", operation: { ...operation, public: true } }
}
