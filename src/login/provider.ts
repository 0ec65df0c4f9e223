/** The IdP that a sidecar names, as its login discovery document gives it. */
export interface LoginProvider {
  readonly issuer: string
  readonly clientId: string
  readonly tokenEndpoint?: string
  readonly deviceAuthorizationEndpoint?: string
  /** As the document has them, without {@link scopePrefix}. */
  readonly defaultScopes: readonly string[]
  /** What the IdP wants before Portcullis' own scopes, for example `api://portcullis`. */
  readonly scopePrefix?: string
}

/** What a sidecar says about logging in. */
export interface LoginFacts {
  /** False: it does not look at who asks. */
  readonly authEnabled: boolean
  /** Absent: it has no OIDC. */
  readonly provider?: LoginProvider
}
