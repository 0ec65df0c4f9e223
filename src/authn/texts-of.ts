/** The texts of a claim, which is a list or one text; without spaces around them, and without empty ones. */
export function textsOf(claim: unknown, separator: string | RegExp): readonly string[] {
  const parts: readonly unknown[] = typeof claim === "string" ? claim.split(separator) : Array.isArray(claim) ? claim : []
  return parts
    .filter((part): part is string => typeof part === "string")
    .map((part) => part.trim())
    .filter((part) => part !== "")
}
