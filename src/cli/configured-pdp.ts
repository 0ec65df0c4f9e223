import type { Config } from "../config/index.js"
import type { DecisionLog } from "../decision-log/index.js"
import { createPdp, type BundlePdpOptions, type Pdp, type PdpOptions } from "../pdp/index.js"
import { configuredFeed } from "./configured-feed.js"
import { policyFeed } from "./policy-feed.js"
import type { Terminal } from "./terminal.js"
import { configuredSource, type ConfiguredSource } from "./configured-source.js"

/** A PDP, and what its bindings come from. Closed with the PDP. */
export interface ConfiguredPdp extends ConfiguredSource {
  readonly pdp: Pdp
}

/** What a PDP of a process that serves has besides. */
export interface PdpSurroundings {
  /** Notes what is decided. */
  readonly decisionLog?: DecisionLog | undefined
  /** What the process calls itself where it reports which bundle it runs. Default: an `id`. */
  readonly labels?: Readonly<Record<string, string>>
}

/**
 * The PDP that a configuration describes: on a policy of one's own, on a bundle, or on authorization data and a source of bindings.
 *
 * @param makeDatabase true: without any other source, a database is made in the working folder
 * @throws {PdpError} what `configuredFeed`, `policyFeed`, `configuredSource` and `createPdp` throw
 */
export async function configuredPdp(
  config: Config,
  makeDatabase: boolean,
  terminal: Terminal,
  { decisionLog, labels }: PdpSurroundings = {},
): Promise<ConfiguredPdp> {
  const noted = decisionLog ? { decisionLog } : {}
  const bundle =
    config.policy.path === undefined
      ? await configuredFeed(config, labels)
      : await policyFeed({ ...config.policy, path: config.policy.path }, terminal)
  if (bundle) return { pdp: await createPdp({ ...bundleOptions(config), ...noted, bundle }) }
  const configured = await configuredSource(config, makeDatabase)
  try {
    return { ...configured, pdp: await createPdp({ ...pdpOptions(config), ...noted, ...(configured.source && { source: configured.source }) }) }
  } catch (thrown) {
    await configured.source?.close()
    throw thrown
  }
}

function bundleOptions({ profile, cache, max_staleness_seconds: seconds, policy }: Config): Omit<BundlePdpOptions, "bundle"> {
  return {
    profile,
    ...(policy.entrypoints.length > 0 && { entrypoints: policy.entrypoints }),
    ...(seconds !== undefined && { maxStalenessSeconds: seconds }),
    ...(cache.enabled && { cache: { maxEntries: cache.max_entries, ttlSeconds: cache.ttl_seconds } }),
  }
}

function pdpOptions(config: Config): PdpOptions {
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
