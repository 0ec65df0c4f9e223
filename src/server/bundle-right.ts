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

const bundlePath = "/apis/auth/v2/iam/opa-bundle.tar.gz"
