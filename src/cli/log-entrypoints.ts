import type { Config } from "../config/index.js"
import { PdpError } from "../errors.js"
import type { PdpStatus } from "../pdp/index.js"

/**
 * The policy has what the decision log asks it for; one that is not there yet is looked at when it comes, and an event that cannot be masked is dropped.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming key and entrypoint
 */
export function assertLogEntrypoints({ ready, policy }: PdpStatus, { policy_mask, policy_drop }: Config["decision_log"]): void {
  if (!ready) return
  const asked = [
    { key: "decision_log.policy_mask", isOn: policy_mask, entrypoint: "system/log/mask" },
    { key: "decision_log.policy_drop", isOn: policy_drop, entrypoint: "system/log/drop" },
  ]
  const missing = asked.find(({ isOn, entrypoint }) => isOn && !policy.entrypoints.includes(entrypoint))
  if (missing)
    throw new PdpError(
      "ERR_CONFIG_INVALID",
      `${missing.key} is true, and the policy has no entrypoint ${missing.entrypoint}; build it with -e ${missing.entrypoint}, or set the key to false`,
    )
}
