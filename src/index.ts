/**
 * Portcullis: an embeddable, OPA-compatible policy decision point.
 * @module
 */
export { PdpError, httpStatusByCode, type PdpErrorCode } from "./errors.js"
export { Principal } from "./model/principal.js"
export { RoleBinding, type RoleBindingChange } from "./model/role-binding.js"
export type { AuthorizationRequest, Decision, DenyReason, Explanation, PermissionsRequest, RoleRequest } from "./model/decision.js"
export {
  createPdp,
  DecisionCacheOptions,
  type CustomPdpOptions,
  type Pdp,
  type PdpEvents,
  type PdpOptions,
  type PdpSnapshot,
  type PdpStatus,
  type Profile,
  type SourceStatus,
} from "./pdp/index.js"
export { fileSource, memorySource, type Source, type SourcePosition, type SourceRead } from "./source/index.js"
