/** The bundle that holds everything. */
export const whole: readonly string[] = ["authz"]

/** The same in parts. */
export const parts: readonly string[] = [
  "authz-policy",
  "authz-roles",
  ...Array.from({ length: 16 }, (_, part) => `authz-bindings-${part.toString(16).padStart(2, "0")}`),
]
