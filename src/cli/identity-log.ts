import type { IssuerProblem } from "../authn/index.js"
import { authenticationOptionsOf, listThisMachine, verifiesTokens, type Config } from "../config/index.js"
import type { Logger } from "../telemetry/index.js"

/** Logs at the start who is believed, and warns about what is believed without proof. */
export function logIdentity(config: Config, logger: Logger): void {
  const { auth, server, trusted_peers = [] } = config
  const issuers = (authenticationOptionsOf(config).issuers ?? []).map(({ issuer }) => issuer)
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

/**
 * Logs of what issuers are asked for. One that is away is warned of once, whatever it is asked for, and said to be back when it has answered all that.
 *
 * @returns the log for one thing that they are asked for
 */
export function issuerLogs(logger: Logger): (what: string) => IssuerLog {
  const failing = new Map<string, Set<string>>()
  return (what) => ({
    onProblem({ issuer, error, hasKnown = false }) {
      const missing = failing.get(issuer)
      if (missing) return void missing.add(what)
      failing.set(issuer, new Set([what]))
      const outcome = hasKnown ? "what is known stays in use" : "nothing is known yet"
      logger.warn({ issuer, reason: error.message, code: error.code }, `the issuer cannot be asked for ${what}; ${outcome}`)
    },
    onRecovery(issuer) {
      const missing = failing.get(issuer)
      if (!missing?.delete(what) || missing.size > 0) return
      failing.delete(issuer)
      logger.info({ issuer }, `the issuer can be asked for ${what} again`)
    },
  })
}
