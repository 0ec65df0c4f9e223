import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"
import type { Caller } from "./caller.js"
import type { IdentityHeader, IdentityHeaders } from "./identity-headers.js"
import { assertFewGroups, isEmail, isReserved } from "./names.js"

/**
 * The principal of `X-NMP-Principal-*` and `X-NMP-Scopes`. Blank headers are as good as absent, but for scopes: blank means none, absent and `*`
 * mean that the caller is not restricted.
 *
 * @param sentId the value of `X-NMP-Principal-Id`, not blank
 * @throws {PdpError} `ERR_INPUT_INVALID` naming the header
 */
export function headerCaller(headers: IdentityHeaders, sentId: string): Caller {
  const id = checkedName("x-nmp-principal-id", sentId)
  const isService = id.startsWith("service:")
  if (!isService && isReserved(id)) throw malformed("x-nmp-principal-id", "names a group, which cannot ask; send its name in X-NMP-Principal-Groups")
  if (id === "service:") throw malformed("x-nmp-principal-id", "names no service; send service:<id>")
  const caller = claims(headers, "x-nmp-principal-email", "x-nmp-principal-groups")
  const delegate = delegateOf(headers)
  const scopes = scopesOf(headers.get("x-nmp-scopes"))
  const principal: Principal = {
    kind: isService ? "service" : "person",
    id: isService ? id.slice("service:".length) : id,
    ...caller.claims,
    ...(scopes && { scopes }),
    ...(delegate && { onBehalfOf: { id: delegate.id, ...delegate.claims } }),
  }
  return { principal, proof: "principal_headers", dropped: [...caller.dropped, ...(delegate?.dropped ?? [])] }
}

interface Claims {
  readonly claims: Pick<Principal, "email" | "groups">
  readonly dropped: readonly string[]
}

const namePattern = /^[A-Za-z0-9@._:+/-]{1,256}$/
const scopePattern = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,256}$/

function delegateOf(headers: IdentityHeaders): (Claims & { readonly id: string }) | undefined {
  const id = headers.get("x-nmp-principal-on-behalf-of") ?? ""
  if (id === "") return undefined
  if (isReserved(checkedName("x-nmp-principal-on-behalf-of", id)))
    throw malformed("x-nmp-principal-on-behalf-of", "names no person; services act on behalf of persons only")
  return { id, ...claims(headers, "x-nmp-principal-on-behalf-of-email", "x-nmp-principal-on-behalf-of-groups") }
}

function claims(headers: IdentityHeaders, emailHeader: IdentityHeader, groupsHeader: IdentityHeader): Claims {
  const email = headers.get(emailHeader) ?? ""
  if (email !== "" && !isEmail(email)) throw malformed(emailHeader, "is no e-mail address of at most 320 characters")
  const list = headers.get(groupsHeader) ?? ""
  const groups = list === "" ? [] : list.split(",").map((group) => checkedName(groupsHeader, group.trim()))
  assertFewGroups(groups, nameShown(groupsHeader))
  const kept = groups.filter((group) => !isReserved(group))
  const isKept = email !== "" && !isReserved(email)
  return {
    claims: { ...(isKept && { email }), ...(kept.length > 0 && { groups: [...new Set(kept)] }) },
    dropped: [...(email === "" || isKept ? [] : [email]), ...groups.filter(isReserved)],
  }
}

/** Undefined: not restricted. */
function scopesOf(sent: string | undefined): readonly string[] | undefined {
  if (sent === undefined || sent === "*") return undefined
  const scopes = sent.split(/[ \t]+/).filter((scope) => scope !== "")
  if (!scopes.every((scope) => scopePattern.test(scope)))
    throw malformed("x-nmp-scopes", "holds something that is no scope; separate scopes by spaces, not by commas")
  return [...new Set(scopes)]
}

function checkedName(header: IdentityHeader, name: string): string {
  if (namePattern.test(name)) return name
  throw malformed(header, "holds a name that is empty, longer than 256 characters, or not made of A-Z a-z 0-9 @ . _ - : + /")
}

function malformed(header: IdentityHeader, problem: string): PdpError {
  return new PdpError("ERR_INPUT_INVALID", `${nameShown(header)} ${problem}`)
}

function nameShown(header: IdentityHeader): string {
  return header.replace(/(^|-)(nmp|[a-z])/g, (part) => part.toUpperCase())
}
