import type { GatewayAnswer, GatewayQuestion, HttpGatewayName, OriginalRequest } from "./gateway.js"
import type { Verdict } from "./judge.js"

/** What answers are made of, the same for every gateway. */
export interface AnswerParts {
  /** Every header that goes on with a request that passes. */
  readonly identity: (verdict: Verdict) => GatewayAnswer["headers"]
  /** The answer to one that does not. */
  readonly refused: (verdict: Verdict) => GatewayAnswer
}

/** How one gateway asks, and what answers it understands. */
export interface GatewayAdapter {
  readonly name: HttpGatewayName
  /** Reads what the gateway asks about. @throws {PdpError} `ERR_INPUT_INVALID` with what to change in its configuration */
  readonly original: (question: GatewayQuestion) => OriginalRequest
  readonly answer: (verdict: Verdict, question: GatewayQuestion, parts: AnswerParts) => GatewayAnswer
}

/** True for a verdict that lets the request pass. */
export function passes({ kind }: Verdict): boolean {
  return kind === "allowed" || kind === "shadowed"
}

/** The answer to a request that passes. No cache keeps it. */
export function passingAnswer(status: 200 | 204, verdict: Verdict, { identity }: AnswerParts): GatewayAnswer {
  return { status, headers: [["Cache-Control", "no-store"], ...identity(verdict)], body: "" }
}
