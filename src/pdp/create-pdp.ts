import { isCustom } from "./check-options.js"
import { customPdp } from "./custom-pdp.js"
import type { CustomPdpOptions, PdpOptions } from "./options.js"
import type { Pdp } from "./pdp.js"
import { productPdp } from "./product-pdp.js"
import { recordedPdp } from "./recorded-pdp.js"

/**
 * Creates a policy decision point: on the product's policies, or on a policy of your own (`{ policy: { wasm, data } }`).
 *
 * Resolves after the first read of the bindings. When that fails, the snapshot on disk (`snapshotFile`) decides; without one the PDP is not ready
 * (`ERR_PDP_NOT_READY`, `status()` says why). It goes on trying, and decides on what the source says as soon as it answers.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` for an unknown option or a wrong value, naming it; `ERR_AUTHORIZATION_DATA_INVALID`, `ERR_POLICY_INVALID`
 */
export async function createPdp(options: PdpOptions | CustomPdpOptions): Promise<Pdp> {
  const pdp = isCustom(options) ? await customPdp(options) : await productPdp(options)
  return options.decisionLog ? recordedPdp(pdp, options.decisionLog) : pdp
}
