import { EntityChange, EntityDraft, NameFilter } from "../administration/index.js"
import { DeletedAnswer, EntityAnswer, pageAnswer, writtenAnswer } from "./administration-answers.js"
import { deleteRoute, listRoute, readRoute, writeRoute, type AdministrationRoute } from "./administration-route.js"

const all = "/apis/entities/v2/workspaces/{workspace}/entities/{entity_type}"
const one = `${all}/{name}`

/** What services register in a workspace. */
export const entitiesRoutes: readonly AdministrationRoute[] = [
  listRoute(
    { path: all, operationId: "listEntities", summary: "Entities of one type.", answer: pageAnswer(EntityAnswer) },
    NameFilter,
    ({ administration, caller, param, page }, filter) =>
      administration.entities.list(caller, param("workspace"), param("entity_type"), { ...page, filter }),
  ),
  writeRoute(
    {
      method: "POST",
      status: 201,
      path: all,
      operationId: "createEntity",
      summary: "Registers one; the workspace is not deleted while it is there.",
      answer: writtenAnswer(EntityAnswer),
    },
    EntityDraft,
    ({ administration, caller, param, options }, draft) =>
      administration.entities.create(caller, param("workspace"), param("entity_type"), draft, options),
  ),
  readRoute({ path: one, operationId: "getEntity", summary: "One entity.", answer: EntityAnswer }, ({ administration, caller, param }) =>
    administration.entities.get(caller, param("workspace"), param("entity_type"), param("name")),
  ),
  writeRoute(
    {
      method: "PUT",
      status: 200,
      path: one,
      operationId: "updateEntity",
      summary: "Replaces its data; 409 when its version is not the expected one.",
      answer: writtenAnswer(EntityAnswer),
    },
    EntityChange,
    ({ administration, caller, param, options }, change) =>
      administration.entities.update(caller, param("workspace"), param("entity_type"), param("name"), change, options),
  ),
  deleteRoute(
    { path: one, operationId: "deleteEntity", summary: "Deletes one.", answer: writtenAnswer(DeletedAnswer) },
    ({ administration, caller, param, options }) =>
      administration.entities.delete(caller, param("workspace"), param("entity_type"), param("name"), options),
  ),
]
