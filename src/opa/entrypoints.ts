/** The entrypoints that the sidecar serves, as `authz/<name>` in the policy. */
export const entrypointNames = ["allow", "has_permissions", "has_role", "explain"] as const

/** One of {@link entrypointNames}. */
export type EntrypointName = (typeof entrypointNames)[number]

/** The path of each in the policy. */
export const entrypointPaths: Readonly<Record<EntrypointName, string>> = {
  allow: "authz/allow",
  has_permissions: "authz/has_permissions",
  has_role: "authz/has_role",
  explain: "authz/explain",
}

/** True only when a result of that entrypoint says exactly `true`. */
export function isAllowed(entrypoint: EntrypointName, result: unknown): boolean {
  if (typeof result !== "object" || result === null) return false
  if (entrypoint === "has_role") return "has_role" in result && result.has_role === true
  return "allowed" in result && result.allowed === true
}
