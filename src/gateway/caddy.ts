import { passes, passingAnswer, type GatewayAdapter } from "./adapter.js"
import { keptHeaders } from "./gateway.js"
import { routedRequest } from "./routing-headers.js"

/**
 * Caddy's `forward_auth`: it tells path and method in `X-Forwarded-Uri` and `X-Forwarded-Method`, in place of what its client sends. 2xx passes; any
 * other answer goes to the client as it is.
 *
 * @see https://caddyserver.com/docs/caddyfile/directives/forward_auth
 */
export const caddy: GatewayAdapter = {
  name: "caddy",
  original: ({ rawHeaders }) => ({
    ...routedRequest(rawHeaders, { uri: "X-Forwarded-Uri", method: "X-Forwarded-Method" }),
    rawHeaders: keptHeaders(rawHeaders),
  }),
  answer: (verdict, _question, parts) => (passes(verdict) ? passingAnswer(200, verdict, parts) : parts.refused(verdict)),
}
