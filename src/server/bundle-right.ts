import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"
import { assertAllowed } from "../pdp/index.js"
import type { Pdp } from "../pdp/pdp.js"

/**
 * Who holds `iam.bundle.read` in workspace `system` may fetch bundles. The policy is asked about the operation; authorization data that do not list
 * it, being about somebody's own API, leave the permission to decide.
 *
 * @throws {PdpError} `ERR_DENIED`, `ERR_UNAUTHENTICATED`
 */
export function assertMayFetchBundles(pdp: Pick<Pdp, "authorize" | "explain" | "hasPermissions">, principal: Principal): void {
  const request = { principal, method: "GET", path: bundlePath }
  if (pdp.authorize(request).allowed) return
  const isUnlisted = pdp.explain(request).reasons.includes("unknown_path")
  if (isUnlisted && pdp.hasPermissions({ principal, workspace: "system", permissions: ["iam.bundle.read"] })) return
  assertAllowed(pdp, request)
}

/**
 * Who may fetch bundles may see the fleet. It is asked for by the facts, which is no decision: nobody wants a bundle.
 *
 * @throws {PdpError} `ERR_DENIED`, `ERR_UNAUTHENTICATED`
 */
export function assertMaySeeFleet(pdp: Pick<Pdp, "explain" | "hasPermissions">, principal: Principal): void {
  try {
    assertMayFetchBundles({ authorize: pdp.explain, explain: pdp.explain, hasPermissions: pdp.hasPermissions }, principal)
  } catch (thrown) {
    if (!(thrown instanceof PdpError) || thrown.code !== "ERR_DENIED") throw thrown
    const { reason, details, message } = thrown
    throw new PdpError("ERR_DENIED", `the fleet is for who holds iam.bundle.read in workspace 'system', as bundles are: ${message}`, {
      ...(reason !== undefined && { reason }),
      ...(details !== undefined && { details }),
      cause: thrown,
    })
  }
}

const bundlePath = "/apis/auth/v2/iam/opa-bundle.tar.gz"
