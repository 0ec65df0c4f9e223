import { nearest } from "../authorization-data/index.js"
import { PdpError } from "../errors.js"
import { expiryOf } from "../model/role-binding.js"
import type { ExportCounts, ExportedBinding } from "./export-format.js"
import type { ImportFile } from "./import-file.js"

/** What the first pass over a file found. */
export interface ImportCheck {
  /** Rows, by kind. */
  readonly counts: ExportCounts
  /** Names of all workspaces. */
  readonly workspaces: ReadonlySet<string>
  /** Bindings that have expired: they are not imported, or each sweep and each import would undo each other. */
  readonly expired: number
  /** The last expiry of those bindings of which one line, at least, has one. */
  readonly expiries: ReadonlyMap<string, string | undefined>
  /** What may be a group, or a person's id: the first few. */
  readonly unprefixed: readonly string[]
  /** Groups that were named and do not occur. */
  readonly absentGroups: readonly string[]
}

/** How the rows of a file are looked at. */
export interface CheckOptions {
  /** Absent: any will do. */
  readonly roles?: ReadonlySet<string> | undefined
  /** Names that get the prefix `group:`. */
  readonly groups: ReadonlySet<string>
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly onProgress: (rows: number) => void
}

/** @throws {PdpError} `ERR_INPUT_INVALID` naming the roles that are unknown, and what reading the file throws */
export async function checkImport(file: ImportFile, options: CheckOptions): Promise<ImportCheck> {
  const { roles, groups, now, onProgress } = options
  const counts = { workspaces: 0, bindings: 0, entities: 0 }
  const workspaces = new Set<string>()
  const unprefixed = new Set<string>()
  const absentGroups = new Set(groups)
  const expiries = new Map<string, string | undefined>()
  const unknown = new Map<string, UnknownRole>()
  let expired = 0
  const look = (binding: ExportedBinding): void => {
    const { principal, role, workspace, expires_at: expiry, revoked_at: revokedAt } = binding
    counts.bindings++
    absentGroups.delete(principal)
    if (unprefixed.size < shownAtMost && isUnprefixed(principal) && !groups.has(principal)) unprefixed.add(principal)
    if (revokedAt === undefined && roles?.has(role) === false) noteUnknown(unknown, binding)
    const key = bindingKey(binding)
    if (expiry !== undefined || expiries.has(key)) expiries.set(key, expiry)
    if (isPast(binding, now)) expired++
    else workspaces.add(workspace)
  }
  let rows = 0
  for await (const page of file.rows()) {
    for (const row of page) {
      if ("binding" in row) look(row.binding)
      else {
        workspaces.add("workspace" in row ? row.workspace.name : row.entity.workspace)
        counts["workspace" in row ? "workspaces" : "entities"]++
      }
    }
    onProgress((rows += page.length))
  }
  if (unknown.size > 0) throw unknownRoles(file.path, unknown, [...(roles ?? [])])
  return { counts, workspaces, expired, expiries, unprefixed: [...unprefixed], absentGroups: [...absentGroups] }
}

/** What names a binding, whatever its times. */
export function bindingKey({ principal, workspace, role }: ExportedBinding): string {
  return JSON.stringify([principal, workspace, role])
}

/** True when it has expired, unless it is part of the history anyway. */
export function isPast(binding: ExportedBinding, now: number): boolean {
  return binding.revoked_at === undefined && expiryOf(binding) <= now
}

const shownAtMost = 5

function isUnprefixed(principal: string): boolean {
  return principal !== "*" && !/^(?:service|group):/.test(principal) && !principal.includes("@")
}

interface UnknownRole {
  readonly first: ExportedBinding
  bindings: number
}

function noteUnknown(unknown: Map<string, UnknownRole>, binding: ExportedBinding): void {
  const before = unknown.get(binding.role)
  if (before) before.bindings++
  else unknown.set(binding.role, { first: binding, bindings: 1 })
}

function unknownRoles(path: string, unknown: ReadonlyMap<string, UnknownRole>, known: readonly string[]): PdpError {
  const lines = [...unknown].slice(0, shownAtMost).map(([role, { first, bindings }]) => {
    const near = nearest(role, known)
    const hint = near === undefined ? "" : `; did you mean '${near}'?`
    return `  '${role}': ${bindings} binding(s), the first of '${first.principal}' in workspace '${first.workspace}'${hint}`
  })
  const more = unknown.size > lines.length ? [`  and ${unknown.size - lines.length} more`] : []
  return new PdpError(
    "ERR_INPUT_INVALID",
    `${path} names roles that the authorization data does not define:\n${[...lines, ...more].join("\n")}\n` +
      "Define them, name the authorization data that does, or allow unknown roles. Nothing was imported",
  )
}
