import { randomUUID } from "node:crypto"
import { refusal } from "../model/refusal.js"
import { refusedAnswer } from "./refused-answer.js"

/** A response of Node's, as far as it is needed to end it. */
export interface RawResponse {
  readonly headersSent: boolean
  readonly destroyed: boolean
  writeHead(status: number, headers: Record<string, string>): unknown
  end(text: string): unknown
  destroy?(): unknown
}

/**
 * Ends a request whose host, or whose answer, has thrown where nobody else would catch it: with 500, or cut off where an answer has begun. What was
 * thrown is a warning of the process.
 */
export function answerFailure(response: RawResponse, thrown: unknown): void {
  process.emitWarning(thrown instanceof Error ? thrown : "what comes after the middleware has thrown something that is no error")
  if (response.destroyed) return
  if (response.headersSent) return void response.destroy?.()
  const { status, headers, text } = refusedAnswer(refusal(500, "internal", ""), { revision: undefined, decisionId: randomUUID(), retrySeconds: 1 })
  try {
    response.writeHead(status, { ...headers })
    response.end(text)
  } catch {
    response.destroy?.()
  }
}
