import { PdpError } from "../errors.js"
import type { LoginProvider } from "./provider.js"

/** Where tokens come from. @throws {PdpError} `ERR_CONFIG_INVALID` when the sidecar does not know */
export function tokenEndpoint({ issuer, tokenEndpoint: url }: LoginProvider): string {
  if (url !== undefined) return url
  throw endpointMissing(issuer, "token_endpoint")
}

/** Where device codes come from. @throws {PdpError} `ERR_CONFIG_INVALID` when the sidecar does not know */
export function deviceEndpoint({ issuer, deviceAuthorizationEndpoint: url }: LoginProvider): string {
  if (url !== undefined) return url
  throw endpointMissing(issuer, "device_authorization_endpoint")
}

function endpointMissing(issuer: string, name: string): PdpError {
  const problem = `the sidecar names no ${name} for ${issuer}`
  const remedy = `set auth.oidc.${name} there, or see why the IdP's discovery document lacks it`
  return new PdpError("ERR_CONFIG_INVALID", `${problem}; ${remedy}`, { reason: "endpoint_missing", details: { problem, remedy } })
}
