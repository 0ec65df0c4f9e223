/** Upper-case HTTP method, or any other method token, as a document spells it in lower case and requests in upper case. */
export type Method = string

/** One operation: what a caller needs to call one method of one endpoint. Defaults are filled in. */
export interface Operation {
  readonly permissions: readonly string[]
  /** At least one must be presented when the caller is restricted by scopes. Empty: fits everybody. */
  readonly scopes: readonly string[]
  /** Which kinds may call. Absent: both. */
  readonly callers?: readonly ("principal" | "service_principal")[]
  /** Denied for everybody. */
  readonly deny: boolean
  /** Allowed without a principal. */
  readonly public: boolean
  /** PlatformAdmin is exempt from `callers`. Default true. */
  readonly admin: boolean
  /** May be asked for workspace `-`. Default true. */
  readonly all_workspaces: boolean
  /**
   * The document lists `permissions` at all. Only the nemo profile tells an absent list from an empty one.
   */
  readonly permissions_listed: boolean
}

/** One role. */
export interface Role {
  readonly description?: string
  readonly permissions: readonly string[]
  readonly includes: readonly string[]
}

/**
 * Roles and endpoints, merged from all documents, checked, defaults filled in.
 * Names come from outside, hence `Map`.
 */
export interface AuthorizationData {
  readonly roles: ReadonlyMap<string, Role>
  /** By path template, then by upper-case method. */
  readonly endpoints: ReadonlyMap<string, ReadonlyMap<Method, Operation>>
  /** Everything at or under one of these paths is denied for everybody. */
  readonly deniedPrefixes: readonly string[]
}
