/**
 * What to tell somebody who is nearly, but not exactly, the administrator.
 *
 * @param adminEmail as it is configured
 * @param names that a caller goes by
 */
export function spellingNotes(adminEmail: string | undefined, names: readonly (string | null | undefined)[]): readonly string[] {
  if (adminEmail === undefined) return []
  const lower = adminEmail.toLowerCase()
  const near = new Set(names.filter((name) => typeof name === "string" && name !== adminEmail && name.toLowerCase() === lower))
  return [...near].map((name) => {
    const difference = `'${name}' differs from auth.admin_email '${adminEmail}' only in upper and lower case, so they are two principals`
    return `${difference}; correct auth.admin_email, or grant PlatformAdmin to '${name}'`
  })
}

/** Facts with notes, when there are any. */
export function withNotes<Facts>(facts: Facts, notes: readonly string[]): Facts {
  return notes.length > 0 && typeof facts === "object" && facts !== null ? { ...facts, notes } : facts
}

/** What the caller goes by in a policy input of his own. */
export function claimedNames(input: unknown): readonly string[] {
  const { principal_id: id, principal_email: email }: { principal_id?: unknown; principal_email?: unknown } =
    typeof input === "object" && input !== null ? input : {}
  return [id, email].filter((name) => typeof name === "string")
}
