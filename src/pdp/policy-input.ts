import type { AuthorizationRequest, PermissionsRequest, RoleRequest } from "../model/decision.js"
import { PdpError } from "../errors.js"
import type { Store } from "../store/index.js"
import type { Active } from "./active.js"
import { assertCount, questionCaps, type InputCaps } from "./input-caps.js"
import { quoted } from "./json-text.js"
import { principalClaims } from "./principal-claims.js"
import { assertRequest } from "./request-shape.js"

/**
 * The input of `authz/allow`, `authz/allowed` and `authz/explain` as JSON text: the request with the caller's slice of the bindings.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID`
 */
export function allowInput(request: AuthorizationRequest, { store, profile }: Active): string {
  assertRequest(request)
  const { principal, method, path } = request
  const { members, names } = principalClaims(principal, profile)
  const question = `"method":${quoted(method, "method")},"path":${quoted(path, "path")}`
  return `{${members},${question},"bindings":${store.sliceText(names, workspacesOf(path, store))}}`
}

/** The input of `authz/allow_many`: the requests with one slice that serves them all. */
export function allowManyInput(requests: readonly AuthorizationRequest[], { store, profile }: Active): string {
  const allNames = new Set<string>()
  const workspaces = new Set<string>()
  const texts = requests.map((request) => {
    assertRequest(request)
    const { principal, method, path } = request
    const { members, names } = principalClaims(principal, profile)
    for (const name of names) allNames.add(name)
    const question = `"method":${quoted(method, "method")},"path":${quoted(path, "path")}`
    for (const workspace of workspacesOf(path, store)) workspaces.add(workspace)
    return `{${members},${question}}`
  })
  return `{"requests":[${texts.join()}],"bindings":${store.sliceText([...allNames], [...workspaces])}}`
}

/** The input of `authz/has_permissions`. */
export function permissionsInput(request: PermissionsRequest, { store, profile }: Active): string {
  assertRequest(request)
  const { principal, workspace, permissions } = request
  checkWorkspace(workspace)
  if (!Array.isArray(permissions) || permissions.length === 0)
    throw new PdpError("ERR_INPUT_INVALID", "permissions is empty; name at least one, such as 'models.read'")
  assertCount("permissions", permissions.length, "items", questionCaps.items)
  const { members, names } = principalClaims(principal, profile)
  const texts = permissions.map((permission: string) => quoted(permission, "permissions"))
  const workspaces = [workspace, "system", ...permissions.flatMap(workspaceOfPermission)]
  return `{${members},"workspace":${quoted(workspace, "workspace")},"permissions":[${texts.join()}],"bindings":${store.sliceText(names, workspaces)}}`
}

/** The input of `authz/has_role`. */
export function roleInput(request: RoleRequest, { store, profile }: Active): string {
  assertRequest(request)
  const { principal, workspace, role, effective } = request
  checkWorkspace(workspace)
  const { members, names } = principalClaims(principal, profile)
  const question = `"workspace":${quoted(workspace, "workspace")},"role":${quoted(role, "role")}${effective === true ? ',"effective":true' : ""}`
  return `{${members},${question},"bindings":${store.sliceText(names, [workspace, "system"])}}`
}

/** The workspaces with bindings that a decision on this path can look up: any of its segments, and `system`. @throws {PdpError} `ERR_INPUT_INVALID` for a path beyond the caps */
export function workspacesOf(path: string, store: Pick<Store, "mayNameWorkspace">, caps: InputCaps = questionCaps): string[] {
  assertCount("path", path.length, "characters", caps.textLength)
  const workspaces = ["system"]
  const queryAt = path.indexOf("?")
  const length = queryAt < 0 ? path.length : queryAt
  let start = path.indexOf("/") + 1
  let segments = 0
  while (start > 0 && start <= length) {
    segments++
    const slashAt = path.indexOf("/", start)
    const end = slashAt < 0 || slashAt > length ? length : slashAt
    if (store.mayNameWorkspace(path, start, end)) workspaces.push(path.slice(start, end))
    start = end + 1
  }
  assertCount("path", segments, "segments", caps.pathSegments)
  return workspaces
}

/** The workspace of `workspace/permission`; none for a bare permission. */
export function workspaceOfPermission(permission: string): string[] {
  const [workspace = "", name, ...more] = permission.split("/")
  if (name === undefined) return []
  if (more.length > 0 || workspace === "" || name === "")
    throw new PdpError("ERR_INPUT_INVALID", `permission '${permission}' is neither 'permission' nor 'workspace/permission'`)
  return [workspace]
}

function checkWorkspace(workspace: string): void {
  if (typeof workspace !== "string" || workspace === "" || workspace === "-" || workspace === "*" || workspace.includes("/"))
    throw new PdpError("ERR_INPUT_INVALID", `workspace '${String(workspace)}' is no name of one workspace; pass its name, or 'system'`)
}
