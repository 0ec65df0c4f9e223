import type { GatewayAnswer, GatewayQuestion, HttpGatewayName, OriginalRequest } from "./gateway.js"
import type { PassingVerdict, StoppedVerdict, Verdict } from "./verdict.js"

/** What answers are made of, the same for every gateway. */
export interface AnswerParts {
  /** Every header that goes on with a request that passes. */
  readonly identity: (verdict: PassingVerdict) => GatewayAnswer["headers"]
  /** The answer to one that does not. */
  readonly refused: (verdict: StoppedVerdict) => GatewayAnswer
}

/** How one gateway asks, and what answers it understands. */
export interface GatewayAdapter {
  readonly name: HttpGatewayName
  /** Reads what the gateway asks about. @throws {PdpError} `ERR_INPUT_INVALID` with what to change in its configuration */
  readonly original: (question: GatewayQuestion) => OriginalRequest
  readonly answer: (verdict: Verdict, question: GatewayQuestion, parts: AnswerParts) => GatewayAnswer
}

/** The answer to a request that passes. No cache keeps it. */
export function passingAnswer(status: 200 | 204, verdict: PassingVerdict, { identity }: AnswerParts): GatewayAnswer {
  return { status, headers: [["Cache-Control", "no-store"], ...identity(verdict)], body: "" }
}
