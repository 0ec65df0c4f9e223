export { createPdp } from "./create-pdp.js"
export { DecisionCacheOptions } from "./decision-cache.js"
export { assertAllowed } from "./denial.js"
export type { CustomPdpOptions, PdpOptions } from "./options.js"
export type { Lookups } from "./lookups.js"
export type {
  ActivationCause,
  AuthorizationDataStatus,
  Decisions,
  Pdp,
  PdpEvents,
  PdpSnapshot,
  PdpStatus,
  Profile,
  SnapshotStatus,
  SourceStatus,
  UnknownRole,
} from "./pdp.js"
