import type { AuthorizationRequest, PermissionsRequest, RoleRequest } from "../model/decision.js"
import type { Principal } from "../model/principal.js"
import type { LoggedPolicy } from "./recorder.js"

/** Where a question came from. */
export interface RequestOrigin {
  /** The id that the caller is told, a UUID. Default: a new one. */
  readonly decisionId?: string
  /** Of the batch that it was asked in, a UUID. */
  readonly batchDecisionId?: string
  /** `address:port` of the peer. */
  readonly requestedBy?: string
  /** The number of the request on its listener. */
  readonly requestNumber?: number
  /** The value of `Host`. */
  readonly host?: string
  /** The value of `X-Request-ID`. */
  readonly requestId?: string
  readonly traceId?: string
  readonly spanId?: string
}

/** A question of the library. */
export type LoggedQuestion = AuthorizationRequest | PermissionsRequest | RoleRequest

/** The part of a question that is kept: what the built-in mask lets through. */
export interface KeptQuestion {
  readonly principal: Principal
  readonly method: string | undefined
  /** Without its query. */
  readonly path: string | undefined
  readonly workspace: string | undefined
  readonly permissions: readonly string[] | undefined
  readonly role: string | undefined
  readonly effective: boolean | undefined
}

/** One decision that waits to become an event. */
export interface DecisionEntry {
  /** The entrypoint, such as `authz/allow`, or another place of the policy's document. */
  readonly path: string
  readonly policy: LoggedPolicy
  /** A question of the library; absent for a policy input of the caller's own. */
  readonly question: KeptQuestion | undefined
  /** A policy input, masked. */
  readonly input: unknown
  /** Masked; of a question: absent. */
  readonly result: unknown
  /** Places in `/input` and `/result` that the built-in mask took out. */
  readonly erased: readonly string[]
  /** Undefined for what is no decision. */
  readonly allowed: boolean | undefined
  /** The code of what was thrown. */
  readonly error: string | undefined
  readonly revision: string | undefined
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly tookMs: number
  readonly origin: RequestOrigin | undefined
  /** About as many are held in memory. */
  readonly bytes: number
}

/** What an entry weighs besides its texts. */
export const entryBytes = 512

/**
 * Copies what may be kept of a question: nothing else of the caller's object stays reachable, and what he changes later makes no difference.
 * Cheap, because every decision passes here.
 */
export function keptQuestion(question: LoggedQuestion): KeptQuestion {
  const { principal } = question
  const { kind, id, email, groups, scopes, onBehalfOf } = principal
  const isRequest = "path" in question
  const isRole = "role" in question
  return {
    principal: { kind, id, email, groups: groups?.slice(), scopes: scopes?.slice(), onBehalfOf: onBehalfOf ? keptDelegate(onBehalfOf) : undefined },
    method: isRequest ? question.method : undefined,
    path: isRequest ? withoutQuery(question.path) : undefined,
    workspace: isRequest ? undefined : question.workspace,
    permissions: "permissions" in question ? question.permissions.slice() : undefined,
    role: isRole ? question.role : undefined,
    effective: isRole ? question.effective : undefined,
  }
}

/** A path, or the target of a request, without what may be secret in it. */
export function withoutQuery(path: string): string {
  const queryAt = path.indexOf("?")
  const fragmentAt = path.indexOf("#")
  if (queryAt < 0 && fragmentAt < 0) return path
  const end = queryAt < 0 || (fragmentAt >= 0 && fragmentAt < queryAt) ? fragmentAt : queryAt
  // A text cut off another one holds on to all of it; this makes a text of its own.
  return ` ${path.slice(0, end)}`.slice(1)
}

/** About as many bytes are held by a question. */
export function questionBytes({ principal, path, permissions }: KeptQuestion): number {
  const { id, email, groups, scopes, onBehalfOf } = principal
  const characters =
    id.length +
    (email?.length ?? 0) +
    lengthOf(groups) +
    lengthOf(scopes) +
    lengthOf(permissions) +
    (onBehalfOf ? onBehalfOf.id.length + (onBehalfOf.email?.length ?? 0) + lengthOf(onBehalfOf.groups) : 0)
  return entryBytes + 2 * (characters + (path?.length ?? 0))
}

type Delegate = NonNullable<Principal["onBehalfOf"]>

function keptDelegate({ id, email, groups }: Delegate): Delegate {
  return { id, email, groups: groups?.slice() }
}

function lengthOf(texts: readonly string[] | null | undefined): number {
  let length = 0
  if (texts) for (const text of texts) length += text.length + 16
  return length
}
