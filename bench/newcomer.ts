import type { AuthorizationRequest, RoleBinding } from "../src/index.js"

/** Somebody who is in no world: whatever he may do was granted while it was measured. */
export function newcomer(at: number, workspace = "workspace-1"): RoleBinding {
  return { principal: `newcomer${at}@example.com`, workspace, role: "Viewer" }
}

/** A question that is allowed from the moment on in which the binding decides. */
export function questionAbout({ principal, workspace }: RoleBinding): AuthorizationRequest {
  return { principal: { id: principal }, method: "GET", path: `/apis/models/v2/workspaces/${workspace}/models` }
}
