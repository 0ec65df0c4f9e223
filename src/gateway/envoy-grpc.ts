import { keptHeaders, type OriginalRequest } from "./gateway.js"
import { clientCopies } from "./client-copies.js"
import { decisionSigner } from "./decision-signer.js"
import { readCheckRequest, type CheckRequest } from "./envoy-check-request.js"
import { checkResponseBytes, overwriting, type CheckDenied, type CheckResponse } from "./envoy-check-response.js"
import type { GatewaysOptions } from "./gateways.js"
import { identityAnswer, type IdentityAnswerOptions } from "./identity-answer.js"
import { forGateway, gatewayJudge, gatewayRefusal } from "./judge.js"
import type { Asking } from "./judging.js"
import { ownPolicyJudge, type OwnPolicyOptions } from "./opa-envoy-judge.js"
import { assertPlainHeaders } from "./plain-headers.js"
import { refusedAnswer } from "./refused-answer.js"
import { assertUnrouted } from "./routing-headers.js"
import { passes, stoppedVerdict, type PassingVerdict, type StoppedVerdict, type Verdict } from "./verdict.js"
import type { Refusal } from "../model/refusal.js"

/** Serves Envoy's `ext_authz` filter with a gRPC service. */
export interface EnvoyGrpc {
  /** @param bytes a `CheckRequest`, as it came. Never rejects */
  readonly ask: (bytes: Buffer, asking: Asking) => Promise<CheckAnswer>
  /** Answers without a look at what is asked. */
  readonly refuse: (refusal: Refusal) => CheckAnswer
}

/** A verdict, and how Envoy is told. */
export type CheckAnswer = {
  /** Envoy's id of the request; empty when there is none. */
  readonly requestId: string
} & (
  | {
      readonly verdict: Verdict
      /** A `CheckResponse`. */
      readonly response: Buffer
    }
  | {
      /** What failed inside: that is an error of gRPC, and Envoy does what its configuration says (`failure_mode_allow`). */
      readonly verdict: StoppedVerdict
      readonly response?: undefined
    }
)

/** What {@link envoyGrpc} decides with. */
export interface EnvoyGrpcOptions extends Omit<GatewaysOptions, "pdp" | "envoyMode"> {
  readonly pdp: GatewaysOptions["pdp"] & OwnPolicyOptions["pdp"]
  /** The entrypoint of a policy of one's own that is asked as the OPA-Envoy plugin asks it. Undefined while the product's policy decides. Default: it does. */
  readonly ownEntrypoint?: (() => string | undefined) | undefined
}

/**
 * Envoy's `ext_authz` filter with a gRPC service (`envoy.service.auth.v3.Authorization/Check`).
 *
 * The product's policy decides on method, path and bearer token alone, as it does for every gateway; the attributes that Envoy tells besides never reach it. A
 * policy of one's own is asked as by the OPA-Envoy plugin.
 *
 * What passes has every identity header overwritten, and the copies of the client taken off. What does not pass is a `denied_response`.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_authz_filter
 */
export function envoyGrpc(options: EnvoyGrpcOptions): EnvoyGrpc {
  const { headerPrefix, retrySeconds, newDecisionId, now = Date.now, ownEntrypoint = () => undefined } = options
  const parts = { headerPrefix, retrySeconds, sign: decisionSigner(options, now) }
  const judge = gatewayJudge(options)
  const judgeByOwnPolicy = ownPolicyJudge(options)
  const refused = (refusal: Refusal, thrown?: unknown): CheckAnswer =>
    told(parts, { ...stoppedVerdict(forGateway(refusal), newDecisionId), thrown }, undefined)
  return {
    async ask(bytes, asking) {
      let requestId = ""
      try {
        const check = readCheckRequest(bytes)
        requestId = idOf(check)
        const known = { ...asking, origin: { ...asking.origin, ...originOf(check) } }
        const entrypoint = ownEntrypoint()
        if (entrypoint !== undefined) {
          const { verdict, response } = await judgeByOwnPolicy(entrypoint, check, known)
          return response ? { verdict, response: checkResponseBytes(response), requestId } : told(parts, verdict, check)
        }
        return told(parts, await judge("envoy_grpc", originalOf(check, headerPrefix), known), check)
      } catch (thrown) {
        return { ...refused(gatewayRefusal(thrown), thrown), requestId }
      }
    },
    refuse: (refusal) => refused(refusal),
  }
}

/** @throws {PdpError} `ERR_INPUT_INVALID` for headers by which a client plays a gateway, or could be taken for another */
function originalOf({ http }: CheckRequest, headerPrefix: string): OriginalRequest {
  const rawHeaders = http.headers.flat()
  assertPlainHeaders(rawHeaders, headerPrefix)
  assertUnrouted(rawHeaders)
  return { method: http.method, target: http.path, rawHeaders: keptHeaders(rawHeaders) }
}

function originOf(check: CheckRequest): Asking["origin"] {
  const { host } = check.http
  return { ...(idOf(check) !== "" && { requestId: idOf(check) }), ...(host !== "" && { host: host.slice(0, 256) }) }
}

function idOf({ http }: CheckRequest): string {
  const sent = http.headers.find(([name]) => name === "x-request-id")?.[1] ?? http.id
  return /^[\x21-\x7e]{1,128}$/.test(sent) ? sent : ""
}

interface Parts extends IdentityAnswerOptions {
  readonly headerPrefix: string
  readonly retrySeconds: number
}

function told(parts: Parts, verdict: Verdict, check: CheckRequest | undefined): CheckAnswer {
  const requestId = check ? idOf(check) : ""
  if (verdict.kind === "failed") return { verdict, requestId }
  const response = passes(verdict) ? passing(parts, verdict, check) : denying(parts, verdict)
  return { verdict, response: checkResponseBytes({ ...response, metadata: metadataOf(verdict) }), requestId }
}

function passing(parts: Parts, verdict: PassingVerdict, check: CheckRequest | undefined): CheckResponse {
  return {
    allowed: true,
    headers: identityAnswer(verdict, parts).map(overwriting),
    headersToRemove: clientCopies(check?.http.headers.flat() ?? [], parts.headerPrefix),
  }
}

function denying({ retrySeconds }: Parts, verdict: StoppedVerdict): CheckDenied {
  const { status, headers, body } = refusedAnswer(verdict, retrySeconds)
  return { allowed: false, status, headers: headers.map(overwriting), body }
}

/** For access logs, and filters behind this one. */
function metadataOf({ decisionId, refusal, revision }: Verdict): Readonly<Record<string, unknown>> {
  return { decision_id: decisionId, revision: revision === "" ? undefined : revision, reason: refusal?.code }
}
