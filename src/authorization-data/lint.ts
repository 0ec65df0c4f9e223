import type { FindingList } from "./finding.js"
import { lintEndpoints } from "./lint-endpoints.js"
import { lintOverlap } from "./lint-overlap.js"
import { lintBindings, lintRoles } from "./lint-roles.js"
import type { MergedDocuments } from "./merge.js"

/** Every rule that looks at all documents together. What one document alone shows was reported while it was read. */
export function lintMerged(merged: MergedDocuments, profile: "hardened" | "nemo", findings: FindingList): void {
  lintRoles(merged, findings)
  lintBindings(merged, profile, findings)
  lintEndpoints(merged, profile, findings)
  lintOverlap(merged, profile, findings)
}
