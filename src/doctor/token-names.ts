import { principalOfClaims, type Claims, type Issuer } from "../authn/index.js"
import { PdpError } from "../errors.js"

/** Whom claims name, or why they name nobody. */
export type Named = { readonly value: ReturnType<typeof principalOfClaims> } | { readonly problem: PdpError }

/** Reads claims as a sidecar does. */
export function namedBy(claims: Claims, names: Issuer): Named {
  try {
    return { value: principalOfClaims(claims, names) }
  } catch (problem) {
    if (problem instanceof PdpError) return { problem }
    throw problem
  }
}

/** The same claims under a name that always is one, to look at the others alone. */
export function withoutName(claims: Claims): Claims {
  return new Map([...claims, ["sub", "anybody"]])
}
