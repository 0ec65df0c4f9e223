export type { BundleAnswer, BundleFeed, BundleQuestion, BundleReports, PackedBundle, Surroundings } from "./bundle-feed.js"
export type { BundleDeciding, BundlePdpOptions } from "./bundle-options.js"
export type { BundleError, BundleStatus } from "./bundle-status.js"
export { createPdp } from "./create-pdp.js"
export { DecisionCacheOptions } from "./decision-cache.js"
export { mergedDocuments } from "./merged-documents.js"
export { fileBundle, type FileBundleOptions } from "./file-bundle.js"
export { httpBundle, type HttpBundleOptions } from "./http-bundle.js"
export { isUnnoted } from "./recorded-pdp.js"
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
