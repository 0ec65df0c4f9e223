import { attemptsOn, findPassed, type Attempt } from "./closed.js"
import { unchecked } from "../finding.js"
import type { GatewayFinding } from "./gateway-finding.js"
import type { Probing } from "./probing.js"
import type { Stage } from "./stage.js"

/** Other methods, all of them safe (RFC 9110 section 9.2.1, RFC 4918 section 9.1): a guarded path is closed to each; none is judged as a `GET`. */
export function checkMethods(probing: Probing, { guarded, allowed }: Stage): Promise<readonly GatewayFinding[]> {
  const ofGuarded = attemptsOn(guarded, "protect", () => ["HEAD", "OPTIONS", "PROPFIND", "TRACE", "get"].map((method) => ({ method })))
  const notGet: readonly Attempt[] =
    allowed === undefined ? [] : [{ question: { as: ["token"], method: "PROPFIND", target: allowed }, path: allowed, topic: "method" }]
  const preflights = attemptsOn(guarded, "preflight", () => [{ as: [], method: "OPTIONS", headers: preflight }]).map((attempt): Attempt => ({
    ...attempt,
    isMeant: true,
  }))
  return findPassed(probing, "methods", "methods that change nothing", [...ofGuarded, ...notGet, ...preflights])
}

/** What a browser sends before a request of a page from elsewhere; never with a token. */
const preflight = [
  ["Origin", "https://portcullis-doctor.example"],
  ["Access-Control-Request-Method", "GET"],
] as const

/** Methods that change something where they pass: without a token, and where not even the token may read. */
export function checkUnsafeMethods(probing: Probing, denied: string | undefined, areWanted: boolean): Promise<readonly GatewayFinding[]> {
  if (!areWanted)
    return Promise.resolve([unchecked("unsafe methods", notWanted, "send them, without a token, to the path of --denied with --also-unsafe-methods")])
  if (denied === undefined)
    return Promise.resolve([unchecked("unsafe methods", "it is not said what the token may not read", "name it with --denied")])
  const attempts = unsafe.map((method): Attempt => ({
    question: { as: [], method, target: denied, headers: [empty] },
    path: denied,
    topic: "protect",
  }))
  return findPassed(probing, "unsafe methods", `methods that change something, at ${denied}`, attempts)
}

const unsafe = ["POST", "PUT", "PATCH", "DELETE"] as const
const notWanted = `${unsafe.join(", ")} are not examined: where one passes it changes something`
const empty = ["Content-Length", "0"] as const
