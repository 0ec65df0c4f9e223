import { peerTrust } from "../authn/index.js"
import { authenticationOptionsOf, discoveryOptionsOf, isLocalListen, parseListen, verifiesTokens, type Config } from "../config/index.js"
import { messageOf, PdpError } from "../errors.js"
import { checkCertificateFiles, secretFile, type ServerOptions } from "../server/index.js"
import type { Logger } from "../telemetry/index.js"
import { issuerLogs } from "./identity-log.js"

/** How a sidecar finds out who is asking. */
export interface ConfiguredIdentity {
  readonly options: Pick<ServerOptions, "authentication" | "discovery" | "peers" | "tls" | "insecureBehindProxy">
  /** Stops watching the file of peer secrets. */
  readonly close: () => void
}

/**
 * What a configuration says about who is asking, for `startServer`.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when the file of peer secrets cannot be used
 */
export function configuredIdentity(config: Config, logger: Logger): ConfiguredIdentity {
  const { peer_secret_file: path, trusted_peers, server } = config
  const { cert_file, key_file, client_ca_file } = server.tls
  const secrets =
    path === undefined
      ? undefined
      : naming("peer_secret_file", () =>
          secretFile(path, { onProblem: (error) => logger.warn({ reason: error.message }, "the peer secrets from before hold on") }),
        )
  const issuerLog = issuerLogs(logger)
  return {
    options: {
      authentication: { ...authenticationOptionsOf(config), ...issuerLog("its keys") },
      discovery: { ...discoveryOptionsOf(config), ...issuerLog("where to log in") },
      peers: { trustedPeers: trusted_peers, ...(secrets && { secrets: secrets.secrets }) },
      ...(cert_file !== undefined &&
        key_file !== undefined && {
          tls: { certFile: cert_file, keyFile: key_file, ...(client_ca_file !== undefined && { clientCaFile: client_ca_file }) },
        }),
      insecureBehindProxy: server.insecure_behind_proxy,
    },
    close: () => secrets?.close(),
  }
}

/**
 * Looks at the files of TLS, before anything else is begun that would have to be undone.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the key, the file, and what is wrong with it
 */
export function checkTls({ options: { tls } }: ConfiguredIdentity): void {
  if (tls) naming("server.tls", () => checkCertificateFiles(tls))
}

/** What fails says the key of the configuration that it is about. */
function naming<Value>(key: string, read: () => Value): Value {
  try {
    return read()
  } catch (thrown) {
    throw new PdpError("ERR_CONFIG_INVALID", `${key}: ${messageOf(thrown)}`, { cause: thrown })
  }
}

/** What a caller on this machine may do who proves nothing. */
export interface OpenToThisMachine {
  /** Ask for decisions. */
  readonly mayAsk: boolean
  /** Be believed when a header says who asks. */
  readonly maySayWhoAsks: boolean
}

/** What a plain request from this machine may do. Beyond loopback and over TLS it depends on names that only the operator knows: nothing, then. */
export function openToThisMachine(config: Config): OpenToThisMachine {
  const { server, trusted_peers } = config
  if (!isLocalListen(server.listen) || server.tls.cert_file !== undefined) return { mayAsk: false, maySayWhoAsks: false }
  const listen = parseListen(server.listen)
  const isUnix = "path" in listen
  const trust = peerTrust({ trustedPeers: trusted_peers, localByDefault: !server.insecure_behind_proxy })({
    rawHeaders: [],
    headers: {},
    socket: isUnix ? {} : { remoteAddress: listen.host.includes(":") ? "::1" : "127.0.0.1" },
    isUnix,
  })
  return { mayAsk: trust !== "none", maySayWhoAsks: trust === "listed" || (trust === "local" && !verifiesTokens(config)) }
}
