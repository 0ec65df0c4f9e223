import type { FindingList } from "./finding.js"
import { BindingsLint } from "./lint-bindings.js"
import { lintEndpoints } from "./lint-endpoints.js"
import { lintOverlap } from "./lint-overlap.js"
import { lintRoles } from "./lint-roles.js"
import type { MergedDocuments } from "./merge.js"

/** Every rule that looks at all documents together. What one document alone shows was reported while it was read. */
export function lintMerged(merged: MergedDocuments, profile: "hardened" | "nemo", findings: FindingList): void {
  lintRoles(merged, findings)
  const bindings = new BindingsLint(merged.roles, profile, findings)
  for (const binding of merged.bindings) bindings.add(binding)
  lintEndpoints(merged, profile, findings)
  lintOverlap(merged, profile, findings)
}
