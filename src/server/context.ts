import type { IncomingMessage, ServerResponse } from "node:http"
import type { Administration } from "../administration/index.js"
import type { Authenticate } from "../authn/index.js"
import type { Pdp, Profile } from "../pdp/pdp.js"
import type { Logger, Metrics } from "../telemetry/index.js"
import type { BorderRules } from "./border.js"
import type { ServerLimits } from "./limits.js"
import type { Work } from "./work.js"

/** What every route may use. */
export interface ServerContext {
  readonly pdp: Pdp
  /** Absent while role bindings come from a read-only source. */
  readonly administration?: Administration | undefined
  /** `pdp.atLeast`, for a bounded number of callers. */
  readonly atLeast: Pdp["atLeast"]
  readonly work: Work
  readonly authenticate: Authenticate
  readonly profile: Profile
  readonly rules: BorderRules
  readonly limits: ServerLimits
  readonly logger: Logger
  readonly metrics: Metrics
  readonly bundleCacheSeconds: number
  readonly version: string
  /** What an operator should know, in words. */
  readonly notices: () => readonly string[]
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
  /** True once the server stops. */
  readonly isClosing: () => boolean
}

/** One request with its answer to be. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly requestId: string
  readonly startedAt: number
  /** The route's template, for metrics. */
  route: string
  /** True when errors have OPA's shape. */
  opa: boolean
}
