/**
 * Portcullis: an embeddable, OPA-compatible policy decision point.
 * @module
 */
export {
  createAdministration,
  seed,
  sweepExpired,
  type Administration,
  type AdministrationOptions,
  type Change,
  type Deleted,
  type Entity,
  type Member,
  type Page,
  type PageRequest,
  type RoleBindingRecord,
  type Seeded,
  type SeedOptions,
  type Workspace,
  type WriteOptions,
  type Written,
} from "./administration/index.js"
export type { Finding, FindingRule, FindingSeverity } from "./authorization-data/index.js"
export type { Database, PostgresDatabaseOptions, PostgresPool, SqliteDatabaseOptions } from "./database/index.js"
export {
  consoleSink,
  createDecisionLog,
  decisionLogIntake,
  fileSink,
  httpSink,
  type DecisionLog,
  type DecisionLogIntake,
  type DecisionLogOptions,
  type DecisionLogStatus,
  type DropCause,
  type DropFilter,
  type FileSinkOptions,
  type HttpSinkOptions,
  type IntakeOptions,
  type LogEvent,
  type LogSender,
  type MaskRule,
  type RequestOrigin,
  type Sink,
  type SinkStatus,
} from "./decision-log/index.js"
export { PdpError, httpStatusByCode, type PdpErrorCode } from "./errors.js"
export { Principal } from "./model/principal.js"
export { RoleBinding, type RoleBindingChange } from "./model/role-binding.js"
export type { AuthorizationRequest, Decision, DenyReason, Explanation, PermissionsRequest, RoleRequest } from "./model/decision.js"
export type { VerificationKey, VerificationOptions } from "./bundle/index.js"
export {
  createPdp,
  DecisionCacheOptions,
  fileBundle,
  httpBundle,
  type AuthorizationDataStatus,
  type BundleFeed,
  type BundlePdpOptions,
  type BundleStatus,
  type CustomPdpOptions,
  type Decisions,
  type FileBundleOptions,
  type HttpBundleOptions,
  type Lookups,
  type Pdp,
  type PdpEvents,
  type PdpOptions,
  type PdpSnapshot,
  type PdpStatus,
  type Profile,
  type SnapshotStatus,
  type SourceStatus,
  type UnknownRole,
} from "./pdp/index.js"
export {
  fileSource,
  httpSource,
  memorySource,
  postgresSource,
  sqliteSource,
  type DatabaseSource,
  type HttpSourceOptions,
  type Source,
  type SourceChanges,
  type SourcePosition,
  type SourceRead,
  type SourceSnapshot,
} from "./source/index.js"
