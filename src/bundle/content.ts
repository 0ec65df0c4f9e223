import type { RoleBinding } from "../model/role-binding.js"

/** The state that one bundle packs. */
export interface BundleContent {
  readonly revision: string
  readonly profile: "hardened" | "nemo"
  /** `data.authz_data`. */
  readonly authzData: unknown
  readonly bindings: Iterable<RoleBinding>
}

/** Where bundles take their state from. */
export interface BundleOrigin {
  /** The state now; its bindings are valid only until the revision changes. */
  snapshot(): BundleContent
  revision(): string
}

/** Role bindings as bundles nest them: by principal, then by workspace. */
export type BindingsByPrincipal = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>

/** A state whose bindings are copied out, and so valid for good. */
export interface CopiedContent {
  readonly revision: string
  readonly profile: "hardened" | "nemo"
  readonly authzData: unknown
  readonly bindings: BindingsByPrincipal
}

/**
 * Copies one consistent state in slices, with a pause after each. A change in between starts it over; after three of those
 * it copies in one go, because a bundle that comes late beats one that never comes.
 *
 * @param pause lets others work; resolves soon
 */
export async function copyContent(origin: BundleOrigin, pause: () => Promise<void>): Promise<CopiedContent> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const content = origin.snapshot()
    const bindings = await copyBindings(content, () => pause().then(() => origin.revision() === content.revision))
    if (bindings) return copied(content, bindings)
  }
  const content = origin.snapshot()
  const bindings = new Map<string, Map<string, string[]>>()
  for (const binding of content.bindings) add(bindings, binding)
  return copied(content, bindings)
}

const sliceBindings = 8_192

function copied({ revision, profile, authzData }: BundleContent, bindings: BindingsByPrincipal): CopiedContent {
  return { revision, profile, authzData, bindings }
}

async function copyBindings(content: BundleContent, still: () => Promise<boolean>): Promise<BindingsByPrincipal | undefined> {
  const bindings = new Map<string, Map<string, string[]>>()
  let count = 0
  for (const binding of content.bindings) {
    add(bindings, binding)
    if (++count % sliceBindings === 0 && !(await still())) return undefined
  }
  return bindings
}

function add(bindings: Map<string, Map<string, string[]>>, { principal, workspace, role }: RoleBinding): void {
  let workspaces = bindings.get(principal)
  if (!workspaces) bindings.set(principal, (workspaces = new Map()))
  const roles = workspaces.get(workspace)
  if (roles) roles.push(role)
  else workspaces.set(workspace, [role])
}
