/**
 * What a JWT says, unverified: for people, and for when it ends. Never for deciding anything.
 *
 * @returns undefined when the token is no JWT, as opaque access tokens are not
 * @see RFC 7519 section 7.2
 */
export function decodedToken(token: string): DecodedToken | undefined {
  const parts = token.split(".")
  if (parts.length !== 3) return undefined
  const [header, claims] = parts.map(decodedPart)
  return header && claims ? { header, claims } : undefined
}

/** Header and claims of a JWT, as it has them. */
export interface DecodedToken {
  readonly header: Record<string, unknown>
  readonly claims: Record<string, unknown>
}

function decodedPart(part: string): Record<string, unknown> | undefined {
  if (!/^[\w-]+$/.test(part)) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString())
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
