import { createHash } from "node:crypto"
import type { AuthorizationData, Operation, Role } from "./authorization-data.js"

/**
 * The first 16 hex digits of the SHA-256 of what decides in the data: roles, operations, denied prefixes.
 * The order of keys and lists, descriptions, and how the data is split into files play no part.
 */
export function digestOf(data: AuthorizationData): string {
  const roles = sortedEntries(data.roles).map(([name, role]) => [name, canonicalRole(role)])
  const endpoints = sortedEntries(data.endpoints).map(([template, operations]) => [
    template,
    sortedEntries(operations).map(([method, operation]) => [method, canonicalOperation(operation)]),
  ])
  const canonical = JSON.stringify([roles, endpoints, sortedSet(data.deniedPrefixes)])
  return createHash("sha256").update(canonical).digest("hex").slice(0, 16)
}

/** True when both decide alike. */
export function sameOperation(one: Operation, other: Operation): boolean {
  return JSON.stringify(canonicalOperation(one)) === JSON.stringify(canonicalOperation(other))
}

function canonicalRole(role: Role): readonly unknown[] {
  return [sortedSet(role.includes), sortedSet(role.permissions)]
}

function canonicalOperation(operation: Operation): readonly unknown[] {
  return [
    sortedSet(operation.permissions),
    sortedSet(operation.scopes),
    sortedSet(operation.callers ?? []),
    operation.deny,
    operation.public,
    operation.admin,
    operation.all_workspaces,
    operation.permissions_listed,
  ]
}

function sortedSet(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort()
}

function sortedEntries<Value>(map: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}
