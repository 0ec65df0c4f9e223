import { passed } from "../finding.js"
import { attemptsOn, findPassed } from "./closed.js"
import type { GatewayFinding } from "./gateway-finding.js"
import type { Probing } from "./probing.js"
import type { HeaderLine } from "./raw-request.js"
import { identitySpoofs, proofSpoofs, withDots, withUnderscores } from "./spoofs.js"
import type { Stage } from "./stage.js"
import { findChanged } from "./upstream-checks.js"

/** What is closed over HTTP/1.1 is over HTTP/2, and nobody is another there. By ALPN; without TLS by prior knowledge (RFC 9113 section 3.3). */
export async function checkHttp2(probing: Probing, { guarded, baselines, principal }: Stage): Promise<readonly GatewayFinding[]> {
  const [first] = guarded
  if (!first) return []
  const reply = await probing.ask({ as: first.as, target: first.path, isOverHttp2: true })
  if ("lost" in reply && reply.lost === "unspoken") return [passed("HTTP/2", "it is not spoken, so that nothing passes by it")]
  const wanted = identitySpoofs(probing.headerPrefix, principal)
  const sets: readonly (readonly HeaderLine[])[] = [[], wanted, [...withUnderscores(wanted), ...withDots(wanted)]]
  const closed = await findPassed(
    probing,
    "HTTP/2",
    "the same over HTTP/2, and with identity headers",
    attemptsOn(guarded, "protect", () => sets.map((headers) => ({ headers, isOverHttp2: true }))),
  )
  if (baselines.length === 0) return closed
  const marked = [...identitySpoofs(probing.headerPrefix, probing.marker), ...proofSpoofs(probing.marker)]
  const added = [
    { headers: marked, topic: "strip" as const, isOverHttp2: true as const },
    { headers: withUnderscores(marked), topic: "underscores" as const, isOverHttp2: true as const },
    { headers: withDots(marked), topic: "dots" as const, isOverHttp2: true as const },
  ]
  return [...closed, ...(await findChanged(probing, "HTTP/2", "identity headers from outside, over HTTP/2", baselines, added))]
}
