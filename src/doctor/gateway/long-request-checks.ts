import { attemptsOn, findPassed } from "./closed.js"
import type { GatewayFinding } from "./gateway-finding.js"
import type { Probing } from "./probing.js"
import type { HeaderLine } from "./raw-request.js"
import type { Stage } from "./stage.js"

/** What a sidecar refuses to read is not let pass unread. */
export function checkLongRequests(probing: Probing, { guarded }: Stage): Promise<readonly GatewayFinding[]> {
  const attempts = attemptsOn(guarded, "long", ({ path }) => [
    ...kibibytes.map((size) => ({ headers: [filler(size * 1024)] })),
    { headers: Array.from({ length: manyHeaders }, (_, at): HeaderLine => [`X-Filler-${at}`, "x"]) },
    { target: `${path}${path.includes("?") ? "&" : "?"}filler=${"x".repeat(longQuery)}` },
  ])
  return findPassed(probing, "long requests", `headers of ${kibibytes.join(", ")} KiB, ${manyHeaders} headers, long queries`, attempts)
}

const kibibytes = [4, 8, 16, 32, 64] as const
const manyHeaders = 300
const longQuery = 6 * 1024

function filler(bytes: number): HeaderLine {
  return ["X-Filler", "x".repeat(bytes)]
}
