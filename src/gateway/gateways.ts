import type { Authentication } from "../authn/index.js"
import type { Refusal } from "../model/refusal.js"
import type { Pdp } from "../pdp/index.js"
import type { AnswerParts, GatewayAdapter } from "./adapter.js"
import { caddy } from "./caddy.js"
import { decisionSigner } from "./decision-signer.js"
import { envoyHttp } from "./envoy-http.js"
import type { GatewayAnswer, GatewayQuestion, HttpGatewayName, OriginalRequest } from "./gateway.js"
import { identityAnswer } from "./identity-answer.js"
import { forGateway, gatewayJudge, gatewayRefusal, identityJudge, type GatewayJudge } from "./judge.js"
import type { Asking } from "./judging.js"
import { nginx } from "./nginx.js"
import type { GatewayOptions } from "./options.js"
import { assertPlainHeaders } from "./plain-headers.js"
import { refusedAnswer } from "./refused-answer.js"
import { traefik } from "./traefik.js"
import { stoppedVerdict, type Verdict } from "./verdict.js"

/** What serves the gateways that ask over HTTP. */
export interface Gateways {
  /** Never rejects. */
  readonly ask: (name: HttpGatewayName, question: GatewayQuestion, asking: Asking) => Promise<Answered>
  /** Answers without a look at what is asked: whoever asks is not trusted, or there is no time. */
  readonly refuse: (name: HttpGatewayName, question: GatewayQuestion, refusal: Refusal) => Answered
}

/** A verdict, and how the gateway is told. */
export interface Answered {
  readonly verdict: Verdict
  readonly answer: GatewayAnswer
}

/** What {@link gateways} decide with. */
export interface GatewaysOptions extends GatewayOptions, Pick<Authentication, "authenticate" | "retrySeconds"> {
  readonly pdp: Pick<Pdp, "authorize" | "explain" | "revision">
  readonly headerPrefix: string
  /** Default UUIDs. */
  readonly newDecisionId?: (() => string) | undefined
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** Serves the gateways that ask over HTTP: each reads the request of its own headers, all are judged alike, and each is answered as it understands. */
export function gateways(options: GatewaysOptions): Gateways {
  const { headerPrefix, retrySeconds, newDecisionId, now = Date.now } = options
  const sign = decisionSigner(options, now)
  const judge = gatewayJudge(options)
  const judges: Readonly<Partial<Record<HttpGatewayName, GatewayJudge>>> =
    options.envoyMode === "authenticate" ? { envoy: identityJudge(options) } : {}
  const adapters: Readonly<Record<HttpGatewayName, GatewayAdapter>> = { envoy: envoyHttp(headerPrefix), nginx, traefik, caddy }
  const parts: AnswerParts = {
    identity: (verdict) => identityAnswer(verdict, { headerPrefix, sign }),
    refused: (verdict) => refusedAnswer(verdict, retrySeconds),
  }
  const told = (name: HttpGatewayName, question: GatewayQuestion, verdict: Verdict): Answered => {
    try {
      return { verdict, answer: adapters[name].answer(verdict, question, parts) }
    } catch (thrown) {
      const failed = { ...stoppedVerdict(gatewayRefusal(thrown), newDecisionId, verdict.request), thrown }
      return { verdict: failed, answer: adapters[name].answer(failed, question, parts) }
    }
  }
  return {
    async ask(name, question, asking) {
      let original: OriginalRequest
      try {
        assertPlainHeaders(question.rawHeaders, headerPrefix)
        original = adapters[name].original(question)
      } catch (thrown) {
        return told(name, question, { ...stoppedVerdict(gatewayRefusal(thrown), newDecisionId), thrown })
      }
      return told(name, question, await (judges[name] ?? judge)(name, original, asking))
    },
    refuse: (name, question, refusal) => told(name, question, stoppedVerdict(forGateway(refusal), newDecisionId)),
  }
}
