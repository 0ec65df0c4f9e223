/** Who can log in. The password is the name. */
export const accounts = new Map(
  [
    { name: "root@example.com", sub: "idp-root", email: "root@example.com", upn: "root@example.com", groups: [] },
    { name: "ann@example.com", sub: "idp-ann", email: "ann@example.com", upn: "ann@example.com", groups: ["ops", "ml"] },
    { name: "ben@example.com", sub: "idp-ben", email: "ben@example.com", upn: "ben@example.com", groups: [] },
    { name: "upn-only", sub: "idp-carl", upn: "Carl@Example.com", groups: [] },
  ].map((account) => [account.name, account]),
)

/** The account of a subject (`sub`), or `undefined`. */
export function accountOf(sub) {
  return [...accounts.values()].find((account) => account.sub === sub)
}

/** The account that logs in with this name and password, or `undefined`. */
export function login(name, password) {
  return password === name ? accounts.get(name) : undefined
}

/** What a token says of an account beside its `sub`. */
export function claimsOf({ email, upn, groups }) {
  return { ...(email !== undefined && { email, email_verified: true }), upn, groups }
}
