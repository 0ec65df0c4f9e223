import { passingAnswer, type GatewayAdapter } from "./adapter.js"
import { keptHeaders, type HttpGatewayName } from "./gateway.js"
import { routedRequest } from "./routing-headers.js"
import { passes } from "./verdict.js"

/** A gateway that tells path and method in `X-Forwarded-Uri` and `X-Forwarded-Method`; 2xx passes, and any other answer goes to the client as it is. */
export function forwarded(name: HttpGatewayName): GatewayAdapter {
  return {
    name,
    original: ({ rawHeaders }) => ({
      ...routedRequest(rawHeaders, { uri: "X-Forwarded-Uri", method: "X-Forwarded-Method" }),
      rawHeaders: keptHeaders(rawHeaders),
    }),
    answer: (verdict, _question, parts) => (passes(verdict) ? passingAnswer(200, verdict, parts) : parts.refused(verdict)),
  }
}
