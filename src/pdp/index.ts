export { createPdp } from "./create-pdp.js"
export { DecisionCacheOptions } from "./decision-cache.js"
export type { CustomPdpOptions, PdpOptions } from "./options.js"
export type { Pdp, PdpEvents, PdpSnapshot, PdpStatus, Profile, SourceStatus } from "./pdp.js"
