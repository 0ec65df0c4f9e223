/** Permission ids: two or more segments joined by dots, each lower-case letters, digits and inner hyphens. */
export function isPermissionId(text: string): boolean {
  return /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)+$/.test(text)
}

/** Scope ids: `area:action`, one colon. */
export function isScopeId(text: string): boolean {
  return /^[a-z0-9._-]+:[a-z0-9._-]+$/.test(text)
}

/** What to do about a malformed permission id. */
export function permissionRemedy(text: string): string {
  if (isScopeId(text)) return "this is a scope; list it under scopes, and a permission such as models.read here"
  return "write two or more lower-case segments joined by dots, such as models.adapters.read"
}

/** What to do about a malformed scope id. */
export function scopeRemedy(text: string): string {
  if (isPermissionId(text)) return "this is a permission; list it under permissions, and a scope such as models:read here"
  return "write a lower-case area and action joined by one colon, such as models:read"
}
