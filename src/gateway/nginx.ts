import { passingAnswer, type GatewayAdapter } from "./adapter.js"
import { keptHeaders } from "./gateway.js"
import { routedRequest } from "./routing-headers.js"
import { passes } from "./verdict.js"

/**
 * NGINX's `auth_request`: it asks by a subrequest that has nothing of its client's request line, so it tells path and method in `X-Original-URI`
 * (`$request_uri`) and `X-Original-Method` (`$request_method`). It understands 2xx, 401 and 403; everything else becomes a 500, so what failed inside
 * is 403, too, with the code that says so. It drops bodies; so the code also comes in `X-Portcullis-Code`, which a configuration can pass on.
 *
 * @see https://nginx.org/en/docs/http/ngx_http_auth_request_module.html
 */
export const nginx: GatewayAdapter = {
  name: "nginx",
  original: ({ rawHeaders }) => ({
    ...routedRequest(rawHeaders, { uri: "X-Original-URI", method: "X-Original-Method" }),
    rawHeaders: keptHeaders(rawHeaders),
  }),
  answer: (verdict, _question, parts) => {
    if (passes(verdict)) return passingAnswer(204, verdict, parts)
    const { status, headers, body } = parts.refused(verdict)
    return { status: status >= 500 ? 403 : status, headers: [...headers, ["X-Portcullis-Code", verdict.refusal.code]], body }
  },
}
