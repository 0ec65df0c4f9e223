import type { Config } from "../config/index.js"
import { createPdp, type Pdp } from "../pdp/index.js"
import { configuredSource, type ConfiguredSource } from "./configured-source.js"

/** A PDP, and what its bindings come from. Closed with the PDP. */
export interface ConfiguredPdp extends ConfiguredSource {
  readonly pdp: Pdp
}

/**
 * The PDP that a configuration describes.
 *
 * @param makeDatabase true: without any other source, a database is made in the working folder
 * @throws {PdpError} what `configuredSource` and `createPdp` throw
 */
export async function configuredPdp(config: Config, makeDatabase: boolean): Promise<ConfiguredPdp> {
  const configured = await configuredSource(config, makeDatabase)
  try {
    return { ...configured, pdp: await createPdp({ ...pdpOptions(config), ...(configured.source && { source: configured.source }) }) }
  } catch (thrown) {
    await configured.source?.close()
    throw thrown
  }
}

function pdpOptions(config: Config): Parameters<typeof createPdp>[0] {
  const { auth, cache, store } = config
  return {
    profile: config.profile,
    authorizationData: config.data,
    refreshSeconds: auth.policy_data_refresh_interval,
    scopes: auth.scopes,
    ...(auth.admin_email !== undefined && { adminEmail: auth.admin_email }),
    ...(config.max_staleness_seconds !== undefined && { maxStalenessSeconds: config.max_staleness_seconds }),
    ...(store.snapshot !== undefined && { snapshotFile: store.snapshot, snapshotSeconds: store.snapshot_seconds }),
    ...(cache.enabled && { cache: { maxEntries: cache.max_entries, ttlSeconds: cache.ttl_seconds } }),
  }
}
