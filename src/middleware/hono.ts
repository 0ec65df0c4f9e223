import type { Context, MiddlewareHandler } from "hono"
import { PdpError } from "../errors.js"
import { isCanonicalPath, pathOf } from "../model/canonical-path.js"
import { admission, type Admission } from "./admission.js"
import { cutHeaders, peerOf, type Incoming } from "./incoming.js"
import type { AdmissionRequest } from "./judgement.js"
import type { MiddlewareOptions } from "./options.js"

export { admission, type Admission, type Admit, type Outcome } from "./admission.js"
export type { DecisionEvent, RefusalFacts } from "./decision-event.js"
export type { GatewayDecision, GatewayDecisions, Unproven } from "./gateway-decision.js"
export type { MiddlewareOptions } from "./options.js"
export { admitUpgrades, type UpgradeRequest, type UpgradeSocket } from "./upgrade.js"

/** What the middleware adds to a context, for `new Hono<{ Variables: PortcullisVariables }>()`. */
export interface PortcullisVariables {
  /** Who was let in. Not set on open paths. */
  readonly portcullis: Admission
}

/**
 * A middleware for Hono that lets in whom the PDP allows the method and the request target; `c.var.portcullis` says who that is. Everybody else is
 * answered as the sidecar answers.
 *
 * On `@hono/node-server` the raw request target is decided on, and refused when Hono would route another path than that. On other servers Hono has
 * parsed it already: then that is decided on, which is what Hono routes, and nobody is believed without a token, because the peer is not known.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the option
 */
export function portcullis(options: MiddlewareOptions<Context>): MiddlewareHandler<{ Variables: PortcullisVariables }> {
  const admit = admission(options)
  const { path } = options
  return async (c, next) => {
    const incoming = incomingOf(c.env)
    const outcome = await admit(incoming ? nodeRequest(c, incoming) : parsedRequest(c), path && (() => path(c)))
    if (isGone(c.env)) return new Response(null, { status: 499 })
    if (outcome.kind === "refused") {
      const { status, headers, text } = outcome.answer
      return new Response(text, { status, headers: { ...headers } })
    }
    if (outcome.kind === "admitted") c.set("portcullis", outcome.admission)
    return next()
  }
}

/** Node's own request below `@hono/node-server`. */
function incomingOf(env: unknown): Incoming | undefined {
  if (typeof env !== "object" || env === null || !("incoming" in env)) return undefined
  return isIncoming(env.incoming) ? env.incoming : undefined
}

/** Then nobody gets the answer, whatever it is. */
function isGone(env: unknown): boolean {
  if (typeof env !== "object" || env === null || !("outgoing" in env)) return false
  const { outgoing } = env
  return typeof outgoing === "object" && outgoing !== null && "destroyed" in outgoing && outgoing.destroyed === true
}

function isIncoming(value: unknown): value is Incoming {
  if (typeof value !== "object" || value === null) return false
  return "url" in value && typeof value.url === "string" && "rawHeaders" in value && Array.isArray(value.rawHeaders) && "socket" in value
}

function nodeRequest(c: Context, incoming: Incoming): AdmissionRequest {
  const target = incoming.url ?? ""
  const isClear = isRouted(pathOf(target), pathOf(parsedTarget(c)))
  const unclear = cutHeaders(incoming) ?? (isClear ? undefined : new PdpError("ERR_INPUT_INVALID", unclearText))
  return {
    ...parsedRequest(c),
    target,
    rawHeaders: incoming.rawHeaders,
    peer: peerOf(incoming),
    ...(unclear && { unclear }),
  }
}

const unclearText = "the request target means another path once it is parsed; send a path, without '.' and '..' segments, as a URL parser writes it"

/** True when the path that came is the one that Hono routes; a mounted app sees the end of it. */
function isRouted(came: string, parsed: string): boolean {
  return came === parsed || (isCanonicalPath(came) && (came.endsWith(parsed) || parsed === "/"))
}

function parsedRequest(c: Context): AdmissionRequest {
  const { method, raw } = c.req
  return {
    method,
    target: parsedTarget(c),
    rawHeaders: [...raw.headers].flat(),
    atLeast: c.req.header("x-portcullis-at-least"),
    peer: undefined,
    gone: () => raw.signal,
  }
}

/** Path and query of the URL that Hono routes. */
function parsedTarget({ req: { url } }: Context): string {
  return url.slice(/^[a-z]+:\/\/[^/?]*/i.exec(url)?.[0].length ?? 0)
}
