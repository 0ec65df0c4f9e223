/** The entrypoints of the PDP API, as `authz/<name>` in the policy. */
export const entrypointNames = ["allow", "has_permissions", "has_role", "explain"] as const

/** One of {@link entrypointNames}. */
export type EntrypointName = (typeof entrypointNames)[number]

/** The entrypoints of OPA's data API: all that an OPA with our bundle has. */
export const dataEntrypointNames = [...entrypointNames, "allow_many", "allowed"] as const

/** One of {@link dataEntrypointNames}. */
export type DataEntrypointName = (typeof dataEntrypointNames)[number]

/** The path of each in the policy. */
export const entrypointPaths: Readonly<Record<DataEntrypointName, string>> = {
  allow: "authz/allow",
  has_permissions: "authz/has_permissions",
  has_role: "authz/has_role",
  explain: "authz/explain",
  allow_many: "authz/allow_many",
  allowed: "authz/allowed",
}

/** True only when a result of that entrypoint says exactly `true`. */
export function isAllowed(entrypoint: EntrypointName, result: unknown): boolean {
  if (typeof result !== "object" || result === null) return false
  if (entrypoint === "has_role") return "has_role" in result && result.has_role === true
  return "allowed" in result && result.allowed === true
}

/** The decisions in a result: one, and of `allow_many` any number. */
export function decisionsIn(entrypoint: DataEntrypointName, result: unknown): readonly boolean[] {
  if (entrypoint === "allowed") return [result === true]
  if (entrypoint !== "allow_many") return [isAllowed(entrypoint, result)]
  return Array.isArray(result) ? result.map((one) => one === true) : [false]
}

/** The decision in a result of a policy of somebody's own, if it looks like one: a boolean, or an object with a boolean `allow` or `allowed`. */
export function decisionIn(result: unknown): boolean | undefined {
  if (typeof result === "boolean") return result
  if (typeof result !== "object" || result === null) return undefined
  if ("allowed" in result && typeof result.allowed === "boolean") return result.allowed
  return "allow" in result && typeof result.allow === "boolean" ? result.allow : undefined
}
