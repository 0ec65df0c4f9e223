import { NameFilter, WorkspaceChange, WorkspaceDraft } from "../administration/index.js"
import { DeletedAnswer, pageAnswer, WorkspaceAnswer, writtenAnswer } from "./administration-answers.js"
import { deleteRoute, listRoute, readRoute, writeRoute, type AdministrationRoute } from "./administration-route.js"

const all = "/apis/entities/v2/workspaces"
const one = `${all}/{name}`

/** Workspaces. */
export const workspacesRoutes: readonly AdministrationRoute[] = [
  listRoute(
    { path: all, operationId: "listWorkspaces", summary: "Those that the caller may read.", answer: pageAnswer(WorkspaceAnswer) },
    NameFilter,
    ({ administration, caller, page }, filter) => administration.workspaces.list(caller, { ...page, filter }),
  ),
  writeRoute(
    {
      method: "POST",
      status: 201,
      path: all,
      operationId: "createWorkspace",
      summary: "Makes one, of which the caller becomes Admin.",
      answer: writtenAnswer(WorkspaceAnswer),
    },
    WorkspaceDraft,
    ({ administration, caller, options }, draft) => administration.workspaces.create(caller, draft, options),
  ),
  readRoute({ path: one, operationId: "getWorkspace", summary: "One workspace.", answer: WorkspaceAnswer }, ({ administration, caller, param }) =>
    administration.workspaces.get(caller, param("name")),
  ),
  writeRoute(
    {
      method: "PUT",
      status: 200,
      path: one,
      operationId: "updateWorkspace",
      summary: "Changes what is given; what is not stays.",
      answer: writtenAnswer(WorkspaceAnswer),
    },
    WorkspaceChange,
    ({ administration, caller, param, options }, change) => administration.workspaces.update(caller, param("name"), change, options),
  ),
  deleteRoute(
    {
      path: one,
      operationId: "deleteWorkspace",
      summary: "Deletes it and revokes its role bindings; 409 while it holds entities.",
      answer: writtenAnswer(DeletedAnswer),
    },
    ({ administration, caller, param, options }) => administration.workspaces.delete(caller, param("name"), options),
  ),
]
