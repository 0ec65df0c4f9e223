import { refusal, type Refusal } from "../model/refusal.js"
import type { ServerContext } from "./context.js"
import type { AppContext } from "./hono-app.js"
import { errorJson } from "./json.js"

/** The answer to a method that a path does not know. @param allow those that it knows @param path how the answer names it; default: as it came */
export function wrongMethod({ metrics }: ServerContext, c: AppContext, allow: string, path: string = c.req.path.slice(0, 128)): Response {
  const reason: Refusal = refusal(405, "method_not_allowed", `${c.req.method.slice(0, 16)} is not for ${path}; use ${allow}`, { Allow: allow })
  metrics.failed(reason.code)
  return errorJson(reason)
}
