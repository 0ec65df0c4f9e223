import type { RequestOrigin } from "../decision-log/index.js"
import type { Exchange } from "./context.js"

/** What the decision log says of who asked. @param ids told to the caller; without them the log chooses one */
export function originOf({ request, requestId, number }: Exchange, ids: Pick<RequestOrigin, "decisionId" | "batchDecisionId"> = {}): RequestOrigin {
  const { remoteAddress, remotePort } = request.socket
  const { host } = request.headers
  return {
    requestId,
    requestNumber: number,
    ...ids,
    ...(remoteAddress !== undefined && { requestedBy: `${remoteAddress}:${remotePort ?? 0}` }),
    ...(host !== undefined && { host }),
  }
}
