import type { AuthorizationRequest } from "../model/decision.js"
import type { LoggedQuestion, RequestOrigin } from "./entry.js"

/** The policy whose decisions are noted: what can be found out later, off the path of decisions. A `Pdp` fits. */
export interface LoggedPolicy {
  explain(request: AuthorizationRequest): unknown
  evaluate(entrypoint: string, input: unknown): unknown
  revision(): string
}

/** How it was decided. */
export interface Outcome {
  readonly path: string
  /** Undefined for what is no decision. */
  readonly allowed: boolean | undefined
  /** Absent when nothing could be decided. */
  readonly revision?: string | undefined
  /** What was thrown. */
  readonly thrown?: unknown
  /** By {@link DecisionRecorder.clock}. */
  readonly startedAt: number
  readonly origin?: RequestOrigin | undefined
}

/** Notes the decisions of one policy. Never throws, never waits, does no input or output; what is secret is left out before it is kept. */
export interface DecisionRecorder {
  /** Milliseconds of a clock that only goes forward. */
  clock(): number
  /** A question of the library. */
  question(question: LoggedQuestion, outcome: Outcome): void
  /** A policy input of the caller's own. */
  evaluation(input: unknown, result: unknown, outcome: Outcome): void
}
