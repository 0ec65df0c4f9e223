import { z } from "zod"
import { RoleBindingDraft, RoleBindingFilter } from "../administration/index.js"
import { DeletedAnswer, pageAnswer, RoleBindingAnswer, writtenAnswer } from "./administration-answers.js"
import { deleteRoute, listRoute, readRoute, writeRoute, type AdministrationRoute } from "./administration-route.js"

const all = "/apis/auth/v2/iam/role-bindings"
const one = `${all}/{name}`

/** All role bindings, revoked ones among them. */
export const roleBindingsRoutes: readonly AdministrationRoute[] = [
  listRoute(
    { path: all, operationId: "listRoleBindings", summary: "Role bindings, revoked ones among them.", answer: pageAnswer(RoleBindingAnswer) },
    RoleBindingFilter,
    ({ administration, caller, page }, filter) => administration.roleBindings.list(caller, filter, page),
  ),
  writeRoute(
    {
      method: "POST",
      givesRoles: true,
      status: 200,
      path: all,
      operationId: "createRoleBinding",
      summary: "Gives a role; 409 while it is held.",
      answer: writtenAnswer(RoleBindingAnswer),
    },
    RoleBindingDraft,
    ({ administration, caller, options }, draft) => administration.roleBindings.create(caller, draft, options),
  ),
  readRoute(
    { path: one, operationId: "getRoleBinding", summary: "One role binding.", answer: RoleBindingAnswer },
    ({ administration, caller, param }) => administration.roleBindings.get(caller, param("name")),
  ),
  deleteRoute(
    {
      path: one,
      givesRoles: true,
      operationId: "revokeRoleBinding",
      summary: "Revokes it; 409 when it is revoked already, and for the last Admin.",
      answer: writtenAnswer(DeletedAnswer.extend({ deleted_at: z.string() })),
    },
    ({ administration, caller, param, options }) => administration.roleBindings.revoke(caller, param("name"), options),
  ),
]
