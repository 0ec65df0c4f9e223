import type { Config } from "../config/index.js"
import { PdpError } from "../errors.js"
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
 * Files must be usable at the start; what becomes of them later leaves the last good state. What comes over the network may come later.
 *
 * @param makeDatabase true: without any other source, a database is made in the working folder
 * @throws {PdpError} what `configuredFeed`, `policyFeed`, `configuredSource` and `createPdp` throw, and what the first look at a file throws
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
  if (bundle) {
    const pdp = await createPdp({ ...bundleOptions(config), ...noted, bundle })
    return { pdp: config.bundle_source.url === undefined ? await deciding(pdp, bundle.name) : pdp }
  }
  const configured = await configuredSource(config, makeDatabase)
  try {
    const pdp = await createPdp({ ...pdpOptions(config), ...noted, ...(configured.source && { source: configured.source }) })
    return { ...configured, pdp: configured.isFile ? await deciding(pdp) : pdp }
  } catch (thrown) {
    await configured.source?.close()
    throw thrown
  }
}

/** @param name of its source, where messages do not say it @throws {PdpError} why it does not decide; it is closed then */
async function deciding(pdp: Pdp, name?: string): Promise<Pdp> {
  if (pdp.status().ready) return pdp
  try {
    await pdp.refresh()
    return pdp
  } catch (thrown) {
    await pdp.close()
    if (name === undefined || !(thrown instanceof PdpError)) throw thrown
    const { code, message, reason, details } = thrown
    throw new PdpError(code, `${name}: ${message}`, { reason, details, cause: thrown })
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
