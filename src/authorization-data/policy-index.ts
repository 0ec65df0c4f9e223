import type { JsonMap } from "./json-map.js"

/**
 * What the policy looks up: `data.authz_data.index`. Every lookup has a known key, and what is found is small: a stock OPA turns into its
 * own terms, at each decision, whatever a reference to data ends at.
 */
export interface PolicyIndex {
  /** `grants[permission][role]`: inheritance flattened, `*` expanded. */
  readonly grants: JsonMap<JsonMap<true>>
  /** `includers[role][bound role]`: bound roles that count as `role` when `effective` is asked for. */
  readonly includers: JsonMap<JsonMap<true>>
  /** By number of segments. */
  readonly levels: readonly (RouteLevel | null)[]
  /** Templates that end in `/-/{trailing}`, by the position of their `-`. */
  readonly trailing: readonly RouteFamily[]
  /**
   * `routes[mask][literals]`: by the number of the mask, then by the literal segments, joined by `/`.
   * The nemo profile keeps every template, hence lists.
   */
  readonly routes: readonly JsonMap<Route | readonly Route[]>[]
  /** `operations[route][method]`. */
  readonly operations: readonly JsonMap<IndexedOperation>[]
  /** Paths at or under which everything is denied. */
  readonly denied?: { readonly lengths: readonly number[]; readonly prefixes: JsonMap<true> }
  /** Scope mode; absent: strict. */
  readonly scopes?: "lenient" | "off"
  /** nemo: the document lists no endpoints at all. */
  readonly empty?: true
}

/** All templates with one number of segments. */
export interface RouteLevel {
  /** The position whose value leaves the fewest masks to look a path up by. */
  readonly position: number
  readonly groups: JsonMap<readonly RouteMask[]>
  /** For values that no template has there literally. */
  readonly others: readonly RouteMask[]
}

/** Templates with their literal segments at the same positions, given as runs: start, end (not included), start, end, … */
export interface RouteMask {
  readonly number: number
  readonly runs: readonly number[]
  /** nemo: positions that must not be empty. The hardened profile knows no empty segment. */
  readonly filled?: readonly number[]
}

/** Masks of trailing templates whose `-` is at one position. */
export interface RouteFamily {
  readonly position: number
  readonly masks: readonly RouteMask[]
}

/** One endpoint. */
export interface Route {
  readonly endpoint: string
  readonly rank: number
  /** Positions of the segments that the policy must find canonical: placeholders but the workspace. */
  readonly placeholders?: readonly number[]
  /** Position of the first segment of the trailing part. */
  readonly trailing?: number
  /** Position of the workspace's segment. The nemo profile lists all positions that count. */
  readonly workspace?: number
  readonly named?: readonly number[]
  readonly after_workspaces?: readonly number[]
  /** A trailing template with more literal segments can match the same path. */
  readonly contested?: true
  /** Number of its {@link PolicyIndex.operations}. */
  readonly operations: number
}

/** One operation; whatever is at its default is left out, but `permissions`. */
export interface IndexedOperation {
  readonly permissions?: readonly string[]
  readonly scopes?: JsonMap<true>
  readonly callers?: "principal" | "service_principal"
  readonly deny?: true
  readonly public?: true
  readonly admin?: false
  readonly all_workspaces?: false
}
