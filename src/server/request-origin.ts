import type { RequestOrigin } from "../decision-log/index.js"
import type { Exchange } from "./context.js"

/** What the decision log says of who asked. @param decisionId told to the caller; without it the log chooses one */
export function originOf({ request, requestId }: Exchange, decisionId?: string): RequestOrigin {
  const { remoteAddress, remotePort } = request.socket
  const { host } = request.headers
  return {
    requestId,
    ...(decisionId !== undefined && { decisionId }),
    ...(remoteAddress !== undefined && { requestedBy: `${remoteAddress}:${remotePort ?? 0}` }),
    ...(host !== undefined && { host }),
  }
}
