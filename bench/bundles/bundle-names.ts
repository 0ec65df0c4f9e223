/** The bundle that holds everything. */
export const whole: readonly string[] = ["authz"]

/** The same in parts. @param count of those that hold bindings */
export function inParts(count: number): readonly string[] {
  return ["authz-policy", "authz-roles", ...Array.from({ length: count }, (_, part) => `authz-bindings-${part.toString(16).padStart(2, "0")}`)]
}
