import type { Principal } from "./principal.js"

/** May this principal do this to that path? */
export interface AuthorizationRequest {
  readonly principal: Principal
  /** HTTP method, upper case; compared as it is. */
  readonly method: string
  /** Raw request target as it came over the wire (`/apis/x?y=z`); nothing decodes it. */
  readonly path: string
}

/** The answer to one {@link AuthorizationRequest}. */
export interface Decision {
  /** True only if the policy said exactly `true`. */
  readonly allowed: boolean
  /** The state it was decided on: see `pdp.atLeast`. */
  readonly revision: string
}

/** Does this principal hold all these permissions in that workspace? Scopes play no part. */
export interface PermissionsRequest {
  readonly principal: Principal
  /** A workspace's name, or `system`. */
  readonly workspace: string
  /** At least one. `other/models.read` asks in workspace `other`, where `*` does not count. */
  readonly permissions: readonly string[]
}

/** Does this principal hold that role in that workspace? */
export interface RoleRequest {
  readonly principal: Principal
  readonly workspace: string
  readonly role: string
  /** True: roles that include it and bindings of `*` count, too. Default false: bound literally. */
  readonly effective?: boolean
}

/** Why a request is denied. */
export type DenyReason =
  | "role_missing"
  | "role_insufficient"
  | "scope_missing"
  | "unknown_path"
  | "unknown_method"
  | "path_not_canonical"
  | "caller_kind"
  | "operation_denied"
  | "not_authenticated"
  | "delegate_not_allowed"
  | "input_invalid"
  | "no_data"

/** The facts behind one decision, as the policy states them (entrypoint `authz/explain`). */
export interface Explanation {
  readonly allowed: boolean
  /** The rule that decided: `A1`…`A6` or `D1`…`D6`; absent when no rule allowed and none denied by itself. */
  readonly rule?: string
  readonly reasons: readonly DenyReason[]
  /** The path template that matched. */
  readonly endpoint?: string
  readonly method: string
  /** Where permissions are looked up. */
  readonly workspace?: string
  readonly caller: "person" | "service" | "anonymous"
  /** Roles that count in that workspace, by stored principal. */
  readonly roles: Readonly<Record<string, readonly string[]>>
  readonly missing_permissions: readonly string[]
  readonly required_scopes: readonly string[]
  readonly scopes_presented?: readonly string[]
  /** What is nearly, but not, right, in words: such as a principal that differs from the administrator's only by case. */
  readonly notes?: readonly string[]
  readonly revision: string
}
