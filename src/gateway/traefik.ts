import { passes, passingAnswer, type GatewayAdapter } from "./adapter.js"
import { keptHeaders } from "./gateway.js"
import { routedRequest } from "./routing-headers.js"

/**
 * Traefik's ForwardAuth: it tells path and method in `X-Forwarded-Uri` and `X-Forwarded-Method`, in place of what its client sends as long as
 * `trustForwardHeader` is off. 2xx passes; any other answer goes to the client as it is.
 *
 * @see https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/forwardauth/
 */
export const traefik: GatewayAdapter = {
  name: "traefik",
  original: ({ rawHeaders }) => ({
    ...routedRequest(rawHeaders, { uri: "X-Forwarded-Uri", method: "X-Forwarded-Method" }),
    rawHeaders: keptHeaders(rawHeaders),
  }),
  answer: (verdict, _question, parts) => (passes(verdict) ? passingAnswer(200, verdict, parts) : parts.refused(verdict)),
}
