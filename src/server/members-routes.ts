import { MemberChange, MemberDraft } from "../administration/index.js"
import { DeletedAnswer, MemberAnswer, MembersAnswer, writtenAnswer } from "./administration-answers.js"
import { deleteRoute, readRoute, writeRoute, type AdministrationRoute } from "./administration-route.js"

const all = "/apis/entities/v2/workspaces/{workspace}/members"
const one = `${all}/{principal_id}`

/** Who holds roles in a workspace. */
export const membersRoutes: readonly AdministrationRoute[] = [
  readRoute(
    { path: all, operationId: "listMembers", summary: "All members, by principal.", answer: MembersAnswer },
    ({ administration, caller, param }) => administration.members.list(caller, param("workspace")),
  ),
  writeRoute(
    {
      method: "POST",
      givesRoles: true,
      status: 201,
      path: all,
      operationId: "createMember",
      summary: "Gives roles, beside those that are held.",
      answer: writtenAnswer(MemberAnswer),
    },
    MemberDraft,
    ({ administration, caller, param, options }, draft) => administration.members.create(caller, param("workspace"), draft, options),
  ),
  writeRoute(
    {
      method: "PUT",
      givesRoles: true,
      status: 200,
      path: one,
      operationId: "updateMember",
      summary: "Gives and takes roles, so that these are held; 409 for the last Admin.",
      answer: writtenAnswer(MemberAnswer),
    },
    MemberChange,
    ({ administration, caller, param, options }, change) =>
      administration.members.update(caller, param("workspace"), param("principal_id"), change, options),
  ),
  deleteRoute(
    {
      path: one,
      givesRoles: true,
      operationId: "deleteMember",
      summary: "Takes all roles; 409 for the last Admin.",
      answer: writtenAnswer(DeletedAnswer),
    },
    ({ administration, caller, param, options }) => administration.members.delete(caller, param("workspace"), param("principal_id"), options),
  ),
]
