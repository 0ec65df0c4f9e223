import { bundlePdp } from "./bundle-pdp.js"
import type { BundlePdpOptions } from "./bundle-options.js"
import { isCustom, isOnBundle } from "./check-options.js"
import { customPdp } from "./custom-pdp.js"
import type { CustomPdpOptions, PdpOptions } from "./options.js"
import type { Pdp } from "./pdp.js"
import { productPdp } from "./product-pdp.js"
import { recordedPdp } from "./recorded-pdp.js"

/**
 * Creates a policy decision point: on the product's policies, on a policy of your own (`{ policy: { wasm, data } }`), or on a bundle (`{ bundle }`).
 *
 * Resolves after the first read of the bindings. When that fails, the snapshot on disk (`snapshotFile`) decides; without one the PDP is not ready
 * (`ERR_PDP_NOT_READY`, `status()` says why); with a bundle it is the same. It goes on trying, and decides on what the source says as soon as it answers.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` for an unknown option or a wrong value, naming it; `ERR_AUTHORIZATION_DATA_INVALID`, `ERR_POLICY_INVALID`
 */
export async function createPdp(options: PdpOptions | CustomPdpOptions | BundlePdpOptions): Promise<Pdp> {
  const pdp = await pdpOf(options)
  return options.decisionLog ? recordedPdp(pdp, options.decisionLog) : pdp
}

function pdpOf(options: PdpOptions | CustomPdpOptions | BundlePdpOptions): Promise<Pdp> {
  if (isOnBundle(options)) return bundlePdp(options)
  return isCustom(options) ? customPdp(options) : productPdp(options)
}
