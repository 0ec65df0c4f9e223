import { ChangeFilter } from "../administration/index.js"
import { ChangeAnswer, pageAnswer } from "./administration-answers.js"
import { listRoute, type AdministrationRoute } from "./administration-route.js"

/** The history of everything that is administered. */
export const changesRoutes: readonly AdministrationRoute[] = [
  listRoute(
    {
      path: "/apis/auth/v2/iam/changes",
      operationId: "listChanges",
      summary: "Who did what, when, at which revision.",
      answer: pageAnswer(ChangeAnswer),
    },
    ChangeFilter,
    ({ administration, caller, page }, filter) => administration.changes.list(caller, filter, page),
  ),
]
