import { attemptsOn, findPassed } from "./closed.js"
import type { GatewayFinding } from "./gateway-finding.js"
import type { Probing } from "./probing.js"
import type { HeaderLine } from "./raw-request.js"
import type { Stage } from "./stage.js"

/** Where somebody says that he comes from opens nothing. */
export function checkClientAddress(probing: Probing, { guarded }: Stage): Promise<readonly GatewayFinding[]> {
  const lines = addresses.flatMap((address): readonly HeaderLine[] => [
    ...["X-Forwarded-For", "X-Real-IP", "True-Client-IP"].map((name): HeaderLine => [name, address]),
    ["Forwarded", `for=${address.includes(":") ? `"[${address}]"` : address}`],
  ])
  return findPassed(probing, "client address", "addresses of the inside", oneByOne(guarded, "clientAddress", lines))
}

/** Nor does the name of a health check. */
export function checkProbes(probing: Probing, { guarded }: Stage): Promise<readonly GatewayFinding[]> {
  const lines = agents.map((agent): HeaderLine => ["User-Agent", agent])
  return findPassed(probing, "probes", "names of health checks", oneByOne(guarded, "probes", lines))
}

function oneByOne(guarded: Stage["guarded"], topic: "clientAddress" | "probes", lines: readonly HeaderLine[]) {
  return attemptsOn(guarded, topic, () => lines.map((line) => ({ headers: [line] })))
}

const addresses = ["10.0.0.1", "127.0.0.1", "::1"] as const
const agents = ["kube-probe/1.30", "GoogleHC/1.0", "ELB-HealthChecker/2.0"] as const
