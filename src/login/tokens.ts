/** What an IdP gives for a login. */
export interface Tokens {
  readonly accessToken: string
  readonly refreshToken?: string
  /** Milliseconds since 1970. Absent: the IdP does not say. */
  readonly expiresAt?: number
  /** As granted, without the IdP's prefix. Absent: those that were asked for (RFC 6749 section 5.1). */
  readonly scopes?: readonly string[]
}
