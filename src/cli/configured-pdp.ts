import { accessSync, constants } from "node:fs"
import type { Config } from "../config/index.js"
import { messageOf, PdpError } from "../errors.js"
import { createPdp, type Pdp } from "../pdp/index.js"
import { fileSource, type Source } from "../source/index.js"

/**
 * The PDP that a configuration describes. Without `store.path` the bindings are those that the authorization data brings (a reference document's
 * `principals`), or none.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when the file of bindings cannot be read, and what `createPdp` throws
 */
export async function configuredPdp(config: Config): Promise<Pdp> {
  const source = configuredSource(config)
  return createPdp({
    profile: config.profile,
    authorizationData: config.data,
    refreshSeconds: config.auth.policy_data_refresh_interval,
    scopes: config.auth.scopes,
    ...(source && { source }),
    ...(config.cache.enabled && { cache: { maxEntries: config.cache.max_entries, ttlSeconds: config.cache.ttl_seconds } }),
  })
}

function configuredSource({ store: { path } }: Config): Source | undefined {
  if (path === undefined) return undefined
  try {
    accessSync(path, constants.R_OK)
  } catch (cause) {
    throw new PdpError("ERR_SOURCE_UNAVAILABLE", `cannot read the role bindings: ${messageOf(cause)}; check store.path or --bindings`, { cause })
  }
  return fileSource({ path })
}
