import { passingAnswer, type GatewayAdapter } from "./adapter.js"
import { clientCopies } from "./client-copies.js"
import { keptHeaders } from "./gateway.js"
import { envoyPrefix } from "./paths.js"
import { assertUnrouted } from "./routing-headers.js"
import { passes } from "./verdict.js"

/**
 * Envoy's `ext_authz` filter with an HTTP service: method and request target are the client's, behind {@link envoyPrefix}, which is cut off once. 200
 * passes, 5xx is a failure of ours, for which Envoy does what its configuration says, and everything else goes to the client as it is.
 *
 * @param headerPrefix what the names of identity headers begin with
 * @see https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/ext_authz/v3/ext_authz.proto
 */
export function envoyHttp(headerPrefix: string): GatewayAdapter {
  return {
    name: "envoy",
    original: ({ method, target, rawHeaders }) => {
      assertUnrouted(rawHeaders)
      return { method, target: target.slice(envoyPrefix.length), rawHeaders: keptHeaders(rawHeaders) }
    },
    answer: (verdict, { rawHeaders }, parts) => {
      if (!passes(verdict)) return parts.refused(verdict)
      const { headers, ...answer } = passingAnswer(200, verdict, parts)
      return { ...answer, headers: [...headers, ["X-Envoy-Auth-Headers-To-Remove", clientCopies(rawHeaders, headerPrefix).join(",")]] }
    },
  }
}
