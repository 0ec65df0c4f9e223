import type { IssuerProblem } from "../authn/index.js"
import { authenticationOptionsOf, listThisMachine, verifiesTokens, type Config } from "../config/index.js"
import type { Logger } from "../telemetry/index.js"

/** Logs at the start who is believed, and warns about what is believed without proof. */
export function logIdentity(config: Config, logger: Logger): void {
  const { auth, server, trusted_peers = [] } = config
  const issuers = (authenticationOptionsOf(config).issuers ?? []).map(({ issuer }) => new URL(issuer).host)
  if (issuers.length > 0) logger.info({ issuers }, "bearer tokens of these issuers are verified")
  if (!auth.enabled) logger.warn("auth.enabled is false: bearer tokens are not looked at, and callers are whom the headers of trusted peers name")
  if (auth.allow_unsigned_jwt) logger.warn("auth.allow_unsigned_jwt: bearer tokens are believed that nobody has signed; for trying things out only")
  if (server.insecure_behind_proxy)
    logger.warn("server.insecure_behind_proxy: tokens arrive unencrypted; a proxy must end TLS, and nobody else may be able to connect")
  if (verifiesTokens(config) && listThisMachine(trusted_peers))
    logger.warn(
      { trustedPeers: trusted_peers },
      "trusted_peers lists this machine: its processes may say that they are anybody, without a token, although issuers are configured",
    )
}

/** Callbacks that log when an issuer cannot be asked: a warning, once, and an info when it answers again. */
export interface IssuerLog {
  readonly onProblem: (problem: IssuerProblem) => void
  readonly onRecovery: (issuer: string) => void
}

/** @param what it is asked for */
export function issuerLog(logger: Logger, what: string): IssuerLog {
  const failing = new Set<string>()
  return {
    onProblem({ issuer, error }) {
      if (failing.has(issuer)) return
      failing.add(issuer)
      logger.warn(
        { issuer: new URL(issuer).host, reason: error.message, code: error.code },
        `the issuer cannot be asked for ${what}; what is known stays in use`,
      )
    },
    onRecovery(issuer) {
      if (failing.delete(issuer)) logger.info({ issuer: new URL(issuer).host }, `the issuer can be asked for ${what} again`)
    },
  }
}
