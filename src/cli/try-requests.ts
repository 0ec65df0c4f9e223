import type { AuthorizationData, Operation } from "../authorization-data/index.js"
import type { AuthorizationRequest } from "../model/decision.js"
import type { Pdp } from "../pdp/index.js"

/** A request worth trying, and what it is answered. */
export interface TryRequest {
  readonly title: "allowed" | "denied for the role" | "denied for the scope"
  readonly request: AuthorizationRequest
}

/**
 * Finds one request that is allowed, one that is denied for want of a role, and one that is denied for want of a scope, by asking the PDP about its own
 * data. It asks for explanations, which are no decisions, so that none of it stands in the decision log. Finds fewer when the data has none, or more than a few thousand questions would be needed.
 */
export function tryRequests(pdp: Pdp, data: AuthorizationData): readonly TryRequest[] {
  const operations = operationsOf(data)
  const questions = holdersOf(pdp).flatMap((holder) => operations.map((operation) => ({ holder, operation })))
  for (const { holder, operation } of questions.slice(0, maxQuestions)) {
    const allowed = requestOf(holder, operation)
    if (!pdp.explain(allowed).allowed) continue
    const others = operations.map((other) => requestOf(holder, other))
    const unscoped = { ...allowed, principal: { ...allowed.principal, scopes: ["other:read"] } }
    const forRole = others.find((request) => denied(pdp, request, /^role_/))
    return [
      { title: "allowed", request: allowed },
      ...(forRole ? [{ title: "denied for the role", request: forRole } as const] : []),
      ...(denied(pdp, unscoped, /^scope_missing$/) ? [{ title: "denied for the scope", request: unscoped } as const] : []),
    ]
  }
  return []
}

const maxQuestions = 5_000
const maxBindings = 10_000
const maxHolders = 20

interface Holder {
  readonly id: string
  readonly workspace: string
}

interface NamedOperation {
  readonly template: string
  readonly method: string
}

/** Persons who hold a role in a workspace of their own; without such, in `system`. */
function holdersOf(pdp: Pdp): readonly Holder[] {
  const holders: Holder[] = []
  let looked = 0
  for (const { principal, workspace } of pdp.snapshot().bindings) {
    if (++looked > maxBindings || holders.length >= maxHolders) break
    if (principal !== "*" && !/^(?:service|group):/.test(principal)) holders.push({ id: principal, workspace })
  }
  return holders.toSorted((a, b) => Number(a.workspace === "system") - Number(b.workspace === "system"))
}

/** Those that permissions and scopes protect; in workspaces and reading ones first. */
function operationsOf({ endpoints }: AuthorizationData): readonly NamedOperation[] {
  const all = [...endpoints].flatMap(([template, methods]) => [...methods].map(([method, operation]) => ({ template, method, operation })))
  const order = ({ template, method }: NamedOperation): number => (template.includes("{workspace}") ? 0 : 2) + (method === "GET" ? 0 : 1)
  return all.filter(({ operation }) => isProtected(operation)).toSorted((a, b) => order(a) - order(b))
}

function isProtected({ permissions, scopes, deny, public: open, callers }: Operation): boolean {
  return permissions.length > 0 && scopes.length > 0 && !deny && !open && callers === undefined
}

function requestOf({ id, workspace }: Holder, { template, method }: NamedOperation): AuthorizationRequest {
  const path = template.replace(/\{([^}]*)\}/g, (_, name: string, at: number) =>
    name === "workspace" || name === "workspace_id" || template.slice(0, at).endsWith("/workspaces/") ? encodeURIComponent(workspace) : "example",
  )
  return { principal: { id }, method, path }
}

function denied(pdp: Pdp, request: AuthorizationRequest, reason: RegExp): boolean {
  const { allowed, reasons } = pdp.explain(request)
  return !allowed && reasons.some((given) => reason.test(given))
}
