import { admission, type Admission } from "./admission.js"
import { answerFailure, type RawResponse } from "./answer-failure.js"
import { admissionRequest, type Incoming, type Outgoing } from "./incoming.js"
import type { MiddlewareOptions } from "./options.js"
import type { RefusedAnswer } from "./refused-answer.js"

export { admission, type Admission, type Admit, type Outcome } from "./admission.js"
export type { DecisionEvent, RefusalFacts } from "./decision-event.js"
export type { GatewayDecision, GatewayDecisions, Unproven } from "./gateway-decision.js"
export type { MiddlewareOptions } from "./options.js"
export { admitUpgrades, type UpgradeRequest, type UpgradeSocket } from "./upgrade.js"

/** The part of a request of Fastify 5 that is looked at. */
export interface FastifyRequest {
  readonly raw: Incoming
  /** As it came over the wire, before `rewriteUrl`. */
  readonly originalUrl: string
  portcullis?: Admission | null
}

/** The part of a reply that is used. */
export interface FastifyReply {
  readonly sent: boolean
  readonly raw: Outgoing & RawResponse
  code(status: number): unknown
  headers(values: Record<string, string>): unknown
  send(payload: Buffer): unknown
}

/** The part of an instance that a plugin uses. */
export interface FastifyInstance<Request extends FastifyRequest> {
  decorateRequest(name: "portcullis", value: null): unknown
  addHook(name: "onRequest", hook: (request: Request, reply: FastifyReply, done: () => void) => void): unknown
}

/** A plugin, for `app.register`. */
export type FastifyPlugin<Request extends FastifyRequest> = (instance: FastifyInstance<Request>, options: object, done: () => void) => void

/**
 * A plugin for Fastify that lets in whom the PDP allows the method and the raw request target, before bodies are read; `request.portcullis` says who
 * that is, and is null on open paths. Everybody else is answered as the sidecar answers. It holds for the instance that it is registered in, and
 * for plugins that are registered after it: register it first.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the option
 */
export function portcullis<Request extends FastifyRequest = FastifyRequest>(options: MiddlewareOptions<Request>): FastifyPlugin<Request> {
  const admit = admission(options)
  const { path } = options
  const pass = async (request: Request, reply: FastifyReply, next: () => void): Promise<void> => {
    const outcome = await admit(admissionRequest(request.raw, reply.raw, request.originalUrl), path && (() => path(request)))
    if (reply.sent || reply.raw.headersSent || reply.raw.destroyed) return
    if (outcome.kind === "refused") return refuse(reply, outcome.answer)
    if (outcome.kind === "admitted") request.portcullis = outcome.admission
    next()
  }
  const plugin: FastifyPlugin<Request> = (instance, _options, done) => {
    instance.decorateRequest("portcullis", null)
    instance.addHook("onRequest", (request, reply, next) => {
      void pass(request, reply, next).catch((thrown: unknown) => answerFailure(reply.raw, thrown))
    })
    done()
  }
  return Object.assign(plugin, wholeInstance)
}

/** What `fastify-plugin` would add: the hook holds in the instance itself, not only for what the plugin registers. */
const wholeInstance = {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "portcullis",
  [Symbol.for("plugin-meta")]: { name: "portcullis", fastify: "5.x" },
}

/** As bytes, because texts get a charset of Fastify's own. */
function refuse(reply: FastifyReply, { status, headers, text }: RefusedAnswer): void {
  reply.code(status)
  reply.headers({ ...headers })
  reply.send(Buffer.from(text))
}
