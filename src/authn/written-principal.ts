import type { Principal } from "../model/principal.js"
import { defaultHeaderPrefix, identityHeaders, type IdentityHeader, type IdentityHeaders } from "./identity-headers.js"

/**
 * The principal that identity headers name, word for word: what a gateway has written there of a token may hold names that nobody could send as headers of
 * his own. To be believed only when something else proves that it is this very principal.
 *
 * @param rawHeaders names and values in turn
 * @returns with an empty id when they name nobody
 * @throws {PdpError} `ERR_INPUT_INVALID` for a header that comes twice, is written with underscores, or holds control characters
 */
export function writtenPrincipalIn(rawHeaders: readonly string[], prefix: string = defaultHeaderPrefix): Principal {
  const headers = identityHeaders(rawHeaders, prefix)
  const id = headers.get("x-nmp-principal-id") ?? ""
  if (id === "") return { id }
  const isService = id.startsWith(servicePrefix)
  const scopes = headers.get("x-nmp-scopes") ?? "*"
  const delegate = headers.get("x-nmp-principal-on-behalf-of") ?? ""
  return {
    kind: isService ? "service" : "person",
    id: isService ? id.slice(servicePrefix.length) : id,
    ...claims(headers, "x-nmp-principal-email", "x-nmp-principal-groups"),
    ...(scopes !== "*" && { scopes: listed(scopes, " ") }),
    ...(delegate !== "" && {
      onBehalfOf: { id: delegate, ...claims(headers, "x-nmp-principal-on-behalf-of-email", "x-nmp-principal-on-behalf-of-groups") },
    }),
  }
}

const servicePrefix = "service:"

function claims(headers: IdentityHeaders, emailHeader: IdentityHeader, groupsHeader: IdentityHeader): Pick<Principal, "email" | "groups"> {
  const email = headers.get(emailHeader) ?? ""
  const groups = listed(headers.get(groupsHeader) ?? "", ",")
  return { ...(email !== "" && { email }), ...(groups.length > 0 && { groups }) }
}

function listed(text: string, separator: string): readonly string[] {
  return text
    .split(separator)
    .map((name) => name.trim())
    .filter((name) => name !== "")
}
