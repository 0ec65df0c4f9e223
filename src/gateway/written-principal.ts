import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"

/** True for a principal whose name headers can carry: whoever reads it there reads the same, or at least somebody. */
export function isWritable({ id, onBehalfOf }: Principal): boolean {
  return (id === "" || nameText.test(id)) && (!onBehalfOf || nameText.test(onBehalfOf.id))
}

/** @throws {PdpError} `ERR_DENIED` for one whose name headers cannot carry, so that services behind the gateway would take it for another or for nobody */
export function assertWritable(principal: Principal): void {
  if (isWritable(principal)) return
  throw new PdpError(
    "ERR_DENIED",
    "the name of this principal cannot be written in a header; let auth.oidc.subject_claim name a claim of printable ASCII",
    { reason: "principal_not_writable" },
  )
}

/** What headers carry of a principal: an e-mail, a group or a scope that could be read as another one, as two, or as no restriction at all, is left out. */
export function writtenPrincipal({ kind, id, scopes, onBehalfOf, ...claims }: Principal): Principal {
  return {
    ...(kind && { kind }),
    id,
    ...writtenClaims(claims),
    ...(scopes && { scopes: scopes.filter((scope) => scope !== "*" && scopeText.test(scope)) }),
    ...(onBehalfOf && { onBehalfOf: { id: onBehalfOf.id, ...writtenClaims(onBehalfOf) } }),
  }
}

/** Printable ASCII without spaces around it. */
const nameText = /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/
/** The same without commas. */
const listedText = /^[\x21-\x2b\x2d-\x7e](?:[\x20-\x2b\x2d-\x7e]{0,254}[\x21-\x2b\x2d-\x7e])?$/
const emailText = /^[\x21-\x2b\x2d-\x7e]{1,320}$/
const scopeText = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,256}$/

function writtenClaims({ email, groups }: Pick<Principal, "email" | "groups">): Pick<Principal, "email" | "groups"> {
  const written = (groups ?? []).filter((group) => listedText.test(group))
  return { ...(email && emailText.test(email) && { email }), ...(written.length > 0 && { groups: [...new Set(written)] }) }
}
