import { decisionProof, mostProofMs, type ProvenDecision } from "../authn/index.js"
import type { GatewayOptions } from "./options.js"

/** A proof holds for less than the longest that is believed, because the clocks of those who look at it may be behind. */
const proofMs = mostProofMs - 10_000

/**
 * Writes `X-Portcullis-Decision` with the first of the keys.
 *
 * @param now milliseconds since the epoch
 * @returns undefined without keys: it is not sent
 */
export function decisionSigner(
  { decisionKeys }: Pick<GatewayOptions, "decisionKeys">,
  now: () => number,
): ((facts: ProvenDecision) => string) | undefined {
  if (!decisionKeys) return undefined
  return (facts) => {
    const [key] = decisionKeys()
    return key === undefined ? "" : decisionProof(facts, key, now() + proofMs)
  }
}
