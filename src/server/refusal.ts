import { refusal, type Refusal } from "../model/refusal.js"

/** Answered when too much is in work already. */
export const overloaded = refusal(503, "overloaded", "too many requests at a time; try again in a second", { "Retry-After": "1" })

/** Answered to what a client sends without waiting for its answers, beyond what is worked on for one connection. */
export const pipelinedTooMuch = refusal(503, "overloaded", "too many requests wait on this connection; wait for answers, then try again", {
  "Retry-After": "1",
})

/** Answered while the server stops. */
export const closing = refusal(503, "closed", "this process is stopping; ask another one")

/** Answered to what does not fit into one body. */
export function tooLarge(bytes: number): Refusal {
  return refusal(413, "too_large", `the body exceeds ${bytes} bytes; ask in smaller requests`)
}
