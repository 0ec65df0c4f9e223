import { randomBytes } from "node:crypto"
import type { Pdp } from "../pdp/index.js"
import { curlLine, curlUrl, principalHeader, quoted, type CurlTarget } from "./curl-line.js"

/** One step: what happens, and the shell line that makes it happen. */
export interface WalkStep {
  readonly title: string
  readonly line: string
}

/**
 * Steps through the life of a workspace, to be pasted in order. None when nobody may make a workspace. Nothing of it stands in the decision log: explanations
 * are asked for, which are no decisions.
 *
 * @param target a sidecar that believes the principal headers of this machine
 * @param adminEmail who makes it, when not everybody may
 */
export function walkThrough(pdp: Pdp, target: CurlTarget, adminEmail: string | undefined): readonly WalkStep[] {
  const owner = [everybody, ...(adminEmail === undefined ? [] : [adminEmail])].find((id) => mayCreate(pdp, id))
  if (owner === undefined) return []
  const workspace = `demo-${randomBytes(2).toString("hex")}`
  const path = `/apis/entities/v2/workspaces/${workspace}`
  const api = (method: string, at: string, body?: object, as = owner): string =>
    [
      `curl -sw '\\n' -X ${method} ${curlUrl(target)}${at} -H ${principalHeader(target, as)}`,
      ...(body ? [`-H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`] : []),
    ].join(" ")
  const ask = curlLine(target, { principal: { id: member }, method: "GET", path })
  const registrar = whoRegisters(pdp, owner, workspace, `${path}/entities/project`)
  const entity =
    registrar === undefined
      ? []
      : [
          { title: "a project is registered in the workspace", line: api("POST", `${path}/entities/project`, { name: "first" }, registrar) },
          { title: "the workspace is not deleted while it holds a project", line: api("DELETE", path) },
        ]
  return [
    { title: `${owner} makes a workspace, and is its Admin`, line: api("POST", "/apis/entities/v2/workspaces", { name: workspace }) },
    { title: `${member} becomes a Viewer`, line: api("POST", `${path}/members`, { principal: member, roles: ["Viewer"] }) },
    { title: `${member} is allowed at once`, line: ask },
    { title: `${member} is removed`, line: api("DELETE", `${path}/members/${member}`) },
    { title: `${member} is denied at once`, line: ask },
    ...entity,
  ]
}

const everybody = "ann@example.com"
const member = "ben@example.com"

function mayCreate(pdp: Pdp, id: string): boolean {
  return pdp.explain({ principal: { id }, method: "POST", path: "/apis/entities/v2/workspaces" }).allowed
}

/** The owner, if the authorization data do not leave it to services. Asked on the binding that the walk leads to. */
function whoRegisters(pdp: Pdp, owner: string, workspace: string, path: string): string | undefined {
  const request = { principal: { id: owner }, method: "POST", path }
  const asAdmin = pdp.whatIf([{ principal: owner, workspace, role: "Admin" }])
  if (asAdmin.authorize(request).allowed || pdp.explain(request).allowed) return owner
  return pdp.explain({ ...request, principal: { kind: "service", id: "projects" } }).allowed ? "service:projects" : undefined
}
