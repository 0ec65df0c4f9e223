import type { z } from "zod"

/** What is wrong first, for messages: there may be an issue for each of a million elements. */
export function firstIssue({ issues: [issue] }: z.ZodError): string {
  if (!issue) return "it is wrong"
  const place = issue.path.slice(0, shownSegments).map(String).join(".")
  return `${place === "" ? "" : `${place.slice(0, shownLength)}: `}${issue.message.slice(0, shownLength)}`
}

const shownSegments = 16
const shownLength = 500
