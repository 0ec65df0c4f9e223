import type { Bundle } from "./archive.js"
import { bundleSet, type BundleSetOptions } from "./bundle-set.js"
import type { BundleOrigin } from "./content.js"

/** Gives bundles: each revision is built once, whoever asks and however many. */
export interface BundleBuilder {
  /** The bundle of the state now. @throws {PdpError} what the origin throws, and `ERR_POLICY_INVALID` */
  current(): Promise<Bundle>
}

/**
 * Builds bundles that hold everything: manifest, Rego, roles and index, bindings. See {@link bundleSet}.
 *
 * @param rego where the policy's files come from; default: the package's own
 */
export function bundleBuilder(origin: BundleOrigin, rego?: BundleSetOptions["rego"]): BundleBuilder {
  const bundles = bundleSet(origin, rego && { rego })
  return { current: () => bundles.current("authz") }
}
