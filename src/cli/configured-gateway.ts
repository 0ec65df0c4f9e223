import type { Config } from "../config/index.js"
import { messageOf, PdpError } from "../errors.js"
import { secretFile, type GatewayOptions, type SecretFile } from "../server/index.js"
import type { Logger } from "../telemetry/index.js"

/** How a sidecar serves gateways. */
export interface ConfiguredGateway {
  readonly options: GatewayOptions
  /** Stops watching the file of keys. */
  readonly close: () => void
}

/**
 * How a configuration wants gateways served, for `startServer`. Says in the log where shadow mode is on.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when the file of keys cannot be used
 */
export function configuredGateway({ gateway }: Config, logger: Logger): ConfiguredGateway {
  const { allow_cors_preflight: allowCorsPreflight, decision_key_file: path, envoy, shadow } = gateway
  const keys = path === undefined ? undefined : keyFile(path, logger)
  for (const { gateway: name, path_prefix: prefix } of shadow)
    logger.warn(
      { gateway: name, pathPrefix: prefix },
      "shadow mode is on here (gateway.shadow): requests pass that would be denied; take the rule out of the configuration to enforce",
    )
  return {
    options: { allowCorsPreflight, envoyMode: envoy.mode, shadow, ...(keys && { decisionKeys: keys.secrets }) },
    close: () => keys?.close(),
  }
}

const leastKeyLength = 32

function keyFile(path: string, logger: Logger): SecretFile {
  try {
    return secretFile(path, {
      leastLength: leastKeyLength,
      onProblem: (error) => logger.warn({ reason: error.message }, "the keys for decisions from before hold on"),
    })
  } catch (thrown) {
    throw new PdpError("ERR_CONFIG_INVALID", `gateway.decision_key_file: ${messageOf(thrown)}`, { cause: thrown })
  }
}
