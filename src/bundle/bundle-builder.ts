import { setImmediate } from "node:timers/promises"
import { packBundle, type Bundle } from "./archive.js"
import { copyContent, type BundleOrigin } from "./content.js"
import { dataFiles, sortedJson, type BundleFile } from "./data-files.js"
import { regoFiles } from "./rego-files.js"

/** Gives bundles: each revision is built once, whoever asks and however many. */
export interface BundleBuilder {
  /** The bundle of the state now. @throws {PdpError} what the origin throws, and `ERR_POLICY_INVALID` */
  current(): Promise<Bundle>
}

/**
 * Builds bundles of `origin`'s state, in steps between which the event loop turns.
 *
 * @param rego where the policy's files come from; default: the package's own
 */
export function bundleBuilder(
  origin: BundleOrigin,
  rego: (profile: "hardened" | "nemo") => Promise<readonly BundleFile[]> = regoFiles,
): BundleBuilder {
  let latest: Bundle | undefined
  let building: Promise<Bundle> | undefined
  return { current }

  async function current(): Promise<Bundle> {
    const wanted = origin.revision()
    if (latest?.revision === wanted) return latest
    const begunBefore = building !== undefined
    building ??= build(origin, rego).finally(() => (building = undefined))
    latest = await building
    return begunBefore && latest.revision !== wanted ? current() : latest
  }
}

/** Everything in one bundle: manifest, Rego, roles and index, bindings. */
export async function build(origin: BundleOrigin, rego: (profile: "hardened" | "nemo") => Promise<readonly BundleFile[]>): Promise<Bundle> {
  const pause = () => setImmediate()
  const content = await copyContent(origin, pause)
  const manifest = { revision: content.revision, roots, rego_version: 1 }
  const files = [
    { name: ".manifest", body: Buffer.from(sortedJson(manifest)) },
    ...(await rego(content.profile)),
    ...(await dataFiles(content, pause)),
  ]
  return packBundle(content.revision, files, pause)
}

const roots = ["authz", "authz_bindings", "authz_data"]
