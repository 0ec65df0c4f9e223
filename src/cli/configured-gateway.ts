import { leastProofKeyLength } from "../authn/index.js"
import { parseListen, type Config } from "../config/index.js"
import { messageOf, PdpError } from "../errors.js"
import { secretFile, type SecretFile, type ServerOptions } from "../server/index.js"
import type { Logger } from "../telemetry/index.js"

/** How a sidecar serves gateways. */
export interface ConfiguredGateway {
  readonly options: Pick<ServerOptions, "gateway" | "envoyGrpc">
  /** Stops watching the file of keys. */
  readonly close: () => void
}

/**
 * How a configuration wants gateways served, for `startServer`. Says in the log where shadow mode is on.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when the file of keys cannot be used
 */
export function configuredGateway({ gateway }: Config, logger: Logger): ConfiguredGateway {
  const { allow_cors_preflight: allowCorsPreflight, decision_key_file: path, envoy, envoy_grpc: grpc, idp_wait_ms: idpWaitMs, shadow } = gateway
  const keys = path === undefined ? undefined : keyFile(path, logger)
  for (const { gateway: name, path_prefix: prefix } of shadow)
    logger.warn(
      { gateway: name, pathPrefix: prefix },
      "shadow mode is on here (gateway.shadow): requests pass that would be denied; take the rule out of the configuration to enforce",
    )
  return {
    options: {
      gateway: { allowCorsPreflight, envoyMode: envoy.mode, idpWaitMs, shadow, ...(keys && { decisionKeys: keys.secrets }) },
      ...(grpc.listen !== undefined && { envoyGrpc: { listen: parseListen(grpc.listen), entrypoint: grpc.entrypoint } }),
    },
    close: () => keys?.close(),
  }
}

function keyFile(path: string, logger: Logger): SecretFile {
  try {
    return secretFile(path, {
      leastLength: leastProofKeyLength,
      onProblem: (error) => logger.warn({ reason: error.message }, "the keys for decisions from before hold on"),
    })
  } catch (thrown) {
    throw new PdpError("ERR_CONFIG_INVALID", `gateway.decision_key_file: ${messageOf(thrown)}`, { cause: thrown })
  }
}
