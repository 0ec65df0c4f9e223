import type { BindingsView } from "./content.js"

/** Which principals have been touched in which workspaces, and what they hold there now. */
export interface TouchedPairs {
  readonly bindings: BindingsView
  size(): number
  /** True when there were too many to remember: nothing more is. */
  overflown(): boolean
  /** Takes some out. @returns flat rows: principal, workspace, roles as a JSON array, or nothing when none are left */
  take(most: number): readonly string[]
  stop(): void
}

/** Watches bindings from now on. @returns `undefined` when they cannot be watched */
export function touchedPairs(bindings: BindingsView): TouchedPairs | undefined {
  if (!bindings.observe || !bindings.sliceText) return undefined
  const workspacesByPrincipal = new Map<string, Set<string>>()
  let size = 0
  let overflown = false
  const stop = bindings.observe(({ binding: { principal, workspace } }) => {
    const workspaces = workspacesByPrincipal.get(principal)
    if (workspaces?.has(workspace)) return
    if (workspaces) workspaces.add(workspace)
    else workspacesByPrincipal.set(principal, new Set([workspace]))
    if (++size <= mostPairs) return
    overflown = true
    workspacesByPrincipal.clear()
    stop()
  })
  return {
    bindings,
    size: () => size,
    overflown: () => overflown,
    take: (most) => {
      const rows: string[] = []
      for (const [principal, workspaces] of workspacesByPrincipal) {
        for (const workspace of workspaces) {
          if (rows.length >= most * 3) return rows
          workspaces.delete(workspace)
          size--
          rows.push(principal, workspace, rolesText(bindings, principal, workspace))
        }
        workspacesByPrincipal.delete(principal)
      }
      return rows
    },
    stop,
  }
}

/** About 10 MB. Reading everything anew is not much slower then. */
const mostPairs = 50_000

function rolesText(bindings: BindingsView, principal: string, workspace: string): string {
  const slice: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = JSON.parse(
    bindings.sliceText?.([principal], [workspace]) ?? "{}",
  )
  const [roles] = Object.values(slice).flatMap((principals) => Object.values(principals))
  return roles ? JSON.stringify(roles) : ""
}
