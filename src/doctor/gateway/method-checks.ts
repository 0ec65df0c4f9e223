import { attemptsOn, findPassed, type Attempt } from "./closed.js"
import type { GatewayFinding } from "./gateway-finding.js"
import type { Probing } from "./probing.js"
import type { Stage } from "./stage.js"

/** Other methods, all of them safe (RFC 9110 section 9.2.1, RFC 4918 section 9.1): a guarded path is closed to each; none is judged as a `GET`. */
export function checkMethods(probing: Probing, { guarded, allowed }: Stage): Promise<readonly GatewayFinding[]> {
  const ofGuarded = attemptsOn(guarded, "protect", () => ["HEAD", "OPTIONS", "PROPFIND", "TRACE", "get"].map((method) => ({ method })))
  const notGet: readonly Attempt[] =
    allowed === undefined ? [] : [{ question: { as: ["token"], method: "PROPFIND", target: allowed }, path: allowed, topic: "method" }]
  return findPassed(probing, "methods", "HEAD, OPTIONS, PROPFIND, TRACE", [...ofGuarded, ...notGet])
}
