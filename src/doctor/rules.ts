import { authenticationSettings, configuredIssuers, type AuthenticationOptions, type Issuer } from "../authn/index.js"
import { authenticationOptionsOf, type Config } from "../config/index.js"
import type { LoginProvider } from "../login/index.js"

/** By which rules a sidecar looks at tokens, as far as that is known. */
export interface Rules {
  /** The configuration tells all; a sidecar tells its first issuer, and how to log in there. */
  readonly from: "configuration" | "sidecar"
  readonly issuers: ReadonlyMap<string, Issuer>
  readonly allowedHosts: readonly string[] | undefined
  readonly leewaySeconds: number
  readonly allowUnsignedJwt: boolean
  readonly adminEmail: string | undefined
  readonly scopes: "strict" | "lenient" | "off"
  /** What the names of the principal headers begin with. */
  readonly headerPrefix: string
}

/** The rules of a configuration. @throws {PdpError} `ERR_CONFIG_INVALID` for issuers that could never be asked */
export function rulesOf(config: Config): Rules {
  const { admin_email: adminEmail, scopes } = config.auth
  return { ...rulesBy(authenticationOptionsOf(config)), from: "configuration", adminEmail, scopes }
}

/** The rules that a sidecar tells those who log in; what it does not tell has its default. @throws {PdpError} `ERR_CONFIG_INVALID` as above */
export function rulesOfProvider({ issuer, clientId, scopePrefix }: LoginProvider): Rules {
  return { ...rulesBy({ issuers: [{ issuer, clientId, scopePrefix }] }), from: "sidecar", adminEmail: undefined, scopes: "strict" }
}

function rulesBy(options: AuthenticationOptions): Pick<Rules, "issuers" | "allowedHosts" | "leewaySeconds" | "allowUnsignedJwt" | "headerPrefix"> {
  const settings = authenticationSettings(options)
  const { allowedHosts, leewaySeconds, allowUnsignedJwt, headerPrefix } = settings
  return { issuers: configuredIssuers(settings), allowedHosts, leewaySeconds, allowUnsignedJwt, headerPrefix }
}
