import { attemptsOn, findPassed } from "./closed.js"
import type { GatewayFinding } from "./gateway-finding.js"
import type { Probing } from "./probing.js"
import type { HeaderLine } from "./raw-request.js"
import type { Stage } from "./stage.js"
import { findChanged } from "./upstream-checks.js"

/** What a sidecar refuses to read is not let pass unread. */
export async function checkLongRequests(probing: Probing, { guarded, baselines }: Stage): Promise<readonly GatewayFinding[]> {
  const attempts = attemptsOn(guarded, "long", ({ path }) => [
    ...kibibytes.map((size) => ({ headers: [filler(size * 1024)] })),
    { headers: fillers(manyHeaders) },
    { target: `${path}${path.includes("?") ? "&" : "?"}filler=${"x".repeat(longQuery)}` },
  ])
  const closed = await findPassed(probing, "long requests", `headers of ${kibibytes.join(", ")} KiB, ${manyHeaders} headers, long queries`, attempts)
  if (baselines.length === 0) return closed
  const added = [{ headers: fillers(tooManyHeaders), topic: "tooMany" as const }]
  return [
    ...closed,
    ...(await findChanged(probing, "long requests", `${tooManyHeaders} headers of the client before those of the gateway`, baselines, added)),
  ]
}

function fillers(many: number): readonly HeaderLine[] {
  return Array.from({ length: many }, (_, at): HeaderLine => [`f${at}`, "x"])
}

const kibibytes = [4, 8, 16, 32, 64] as const
const manyHeaders = 300
/** More than some servers read, Node's among them: whoever adds his at the end adds them in vain. */
const tooManyHeaders = 1_100
const longQuery = 6 * 1024

function filler(bytes: number): HeaderLine {
  return ["X-Filler", "x".repeat(bytes)]
}
