import { attemptsOn, findPassed } from "./closed.js"
import type { GatewayFinding } from "./gateway-finding.js"
import type { Probing } from "./probing.js"
import type { HeaderLine } from "./raw-request.js"
import { identitySpoofs, proofSpoofs, withDots, withUnderscores } from "./spoofs.js"
import type { Stage } from "./stage.js"
import { findChanged } from "./upstream-checks.js"

/** Identity headers from outside: they open nothing, and none arrives. */
export async function checkIdentity(probing: Probing, { guarded, baselines, principal }: Stage): Promise<readonly GatewayFinding[]> {
  const { headerPrefix, marker } = probing
  const worthHaving: readonly HeaderLine[] = identitySpoofs(headerPrefix, principal).map(([name, value]) =>
    name.endsWith("Scopes") ? [name, "*"] : [name, value],
  )
  const [id, authorized, scopes] = ["Principal-Id", "Authorized", "Scopes"].map((name) =>
    worthHaving.filter(([sent]) => sent === headerPrefix + name),
  )
  const sets = [worthHaving, id, authorized, scopes, [...(id ?? []), ...(authorized ?? [])], proofSpoofs(marker)].flatMap((set) => (set ? [set] : []))
  const closed = await findPassed(
    probing,
    "identity",
    "identity headers from outside",
    attemptsOn(guarded, "protect", () => sets.map((headers) => ({ headers }))),
  )
  if (baselines.length === 0) return closed
  const marked = identitySpoofs(headerPrefix, marker)
  const added = [marked, lower(marked), ...marked.map((line) => [line]), proofSpoofs(marker)].map((headers) => ({ headers, topic: "strip" as const }))
  return [...closed, ...(await findChanged(probing, "identity", "identity headers from outside", baselines, added))]
}

/** The same under names and in numbers that one reader takes for one header and the next for another. */
export async function checkTwins(probing: Probing, { guarded, baselines, principal }: Stage): Promise<readonly GatewayFinding[]> {
  const { headerPrefix, marker } = probing
  const wanted = identitySpoofs(headerPrefix, principal)
  const sets = [withUnderscores(wanted), withDots(wanted), withUnderscores(proofSpoofs(marker)), [...wanted, ...wanted], wanted.map(spaced)]
  const closed = await findPassed(
    probing,
    "twins",
    "underscores, dots, doubles and odd spellings",
    attemptsOn(guarded, "protect", () => sets.map((headers) => ({ headers }))),
  )
  if (baselines.length === 0) return closed
  const marked = identitySpoofs(headerPrefix, marker)
  const doubled: readonly HeaderLine[] = [...marked, ...marked]
  const joined: readonly HeaderLine[] = marked.map(([name]) => [name, `${principal},${marker}`])
  const added = [
    { headers: withUnderscores(marked), topic: "underscores" as const },
    { headers: withUnderscores(proofSpoofs(marker)), topic: "underscores" as const },
    { headers: withDots([...marked, ...proofSpoofs(marker)]), topic: "dots" as const },
    ...[doubled, joined, marked.map(spaced)].map((headers) => ({ headers, topic: "strip" as const })),
  ]
  return [...closed, ...(await findChanged(probing, "twins", "underscores, dots, doubles and odd spellings", baselines, added))]
}

/** `Connection` names headers that go no further: not those of the sidecar. */
export async function checkHopByHop(probing: Probing, { guarded, baselines }: Stage): Promise<readonly GatewayFinding[]> {
  const names = identitySpoofs(probing.headerPrefix, "").map(([name]) => name)
  const closed = await findPassed(
    probing,
    "hop-by-hop",
    "Connection naming headers of the gateway",
    attemptsOn(guarded, "hopByHop", ({ lure }) =>
      routingPairs.map((pair) => ({ connection: ["close", ...pair].join(", "), headers: [[pair[0], lure]] })),
    ),
  )
  if (baselines.length === 0) return closed
  const named = [...names.map((name) => [name]), names, ["X-Portcullis-Decision", "X-Portcullis-Decision-Id"]]
  const added = named.map((some) => ({ connection: ["close", ...some].join(", "), topic: "hopByHop" as const }))
  return [...closed, ...(await findChanged(probing, "hop-by-hop", "Connection naming identity headers", baselines, added))]
}

const routingPairs = [
  ["X-Original-URI", "X-Original-Method"],
  ["X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Host"],
] as const

function lower(lines: readonly HeaderLine[]): readonly HeaderLine[] {
  return lines.map(([name, value]) => [name.toLowerCase(), value])
}

/** RFC 9112 section 5.1 says that such a line is refused. */
function spaced([name, value]: HeaderLine): HeaderLine {
  return [`${name} `, value]
}
