import { PdpError } from "../errors.js"
import type { Principal } from "../model/principal.js"
import type { Caller } from "./caller.js"
import { defaultHeaderPrefix, headerShown, type IdentityHeader, type IdentityHeaders } from "./identity-headers.js"
import { assertFewGroups, isEmail, isReserved } from "./names.js"

/**
 * The principal of the headers `X-NMP-Principal-*` and `X-NMP-Scopes`. Blank headers are as good as absent, but for scopes: blank means none, absent
 * and `*` mean that the caller is not restricted.
 *
 * @param sentId the value of `X-NMP-Principal-Id`, not blank
 * @param prefix how messages name the headers
 * @throws {PdpError} `ERR_INPUT_INVALID` naming the header; with reason `too_many_groups` for more than 100
 */
export function headerCaller(headers: IdentityHeaders, sentId: string, prefix: string = defaultHeaderPrefix): Caller {
  const sent: SentHeaders = { headers, prefix }
  const id = checkedName(sent, "x-nmp-principal-id", sentId)
  const isService = id.startsWith("service:")
  if (!isService && isReserved(id))
    throw malformed(sent, "x-nmp-principal-id", `names a group, which cannot ask; send its name in ${headerShown("x-nmp-principal-groups", prefix)}`)
  if (id === "service:") throw malformed(sent, "x-nmp-principal-id", "names no service; send service:<id>")
  const caller = claims(sent, "x-nmp-principal-email", "x-nmp-principal-groups")
  const delegate = delegateOf(sent)
  const scopes = scopesOf(sent)
  const principal: Principal = {
    kind: isService ? "service" : "person",
    id: isService ? id.slice("service:".length) : id,
    ...caller.claims,
    ...(scopes && { scopes }),
    ...(delegate && { onBehalfOf: { id: delegate.id, ...delegate.claims } }),
  }
  return { principal, proof: "principal_headers", dropped: [...caller.dropped, ...(delegate?.dropped ?? [])] }
}

interface SentHeaders {
  readonly headers: IdentityHeaders
  readonly prefix: string
}

interface Claims {
  readonly claims: Pick<Principal, "email" | "groups">
  readonly dropped: readonly string[]
}

const namePattern = /^[A-Za-z0-9@._:+/-]{1,256}$/
const scopePattern = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,256}$/

function delegateOf(sent: SentHeaders): (Claims & { readonly id: string }) | undefined {
  const id = sent.headers.get("x-nmp-principal-on-behalf-of") ?? ""
  if (id === "") return undefined
  if (isReserved(checkedName(sent, "x-nmp-principal-on-behalf-of", id)))
    throw malformed(sent, "x-nmp-principal-on-behalf-of", "names no person; services act on behalf of persons only")
  return { id, ...claims(sent, "x-nmp-principal-on-behalf-of-email", "x-nmp-principal-on-behalf-of-groups") }
}

function claims(sent: SentHeaders, emailHeader: IdentityHeader, groupsHeader: IdentityHeader): Claims {
  const email = sent.headers.get(emailHeader) ?? ""
  if (email.includes(",")) throw malformed(sent, emailHeader, "holds a comma; send one e-mail address")
  if (email !== "" && !isEmail(email)) throw malformed(sent, emailHeader, "is no e-mail address of at most 320 characters")
  const list = sent.headers.get(groupsHeader) ?? ""
  const listed = list === "" ? [] : list.split(",")
  assertFewGroups(listed, headerShown(groupsHeader, sent.prefix))
  const groups = listed.map((group) => checkedName(sent, groupsHeader, group.trim()))
  const kept = groups.filter((group) => !isReserved(group))
  const isKept = email !== "" && !isReserved(email)
  return {
    claims: { ...(isKept && { email }), ...(kept.length > 0 && { groups: [...new Set(kept)] }) },
    dropped: [...(email === "" || isKept ? [] : [email]), ...groups.filter(isReserved)],
  }
}

/** Undefined: not restricted. */
function scopesOf(sent: SentHeaders): readonly string[] | undefined {
  const value = sent.headers.get("x-nmp-scopes")
  if (value === undefined || value === "*") return undefined
  const scopes = value.split(/[ \t]+/).filter((scope) => scope !== "")
  if (!scopes.every((scope) => scopePattern.test(scope)))
    throw malformed(sent, "x-nmp-scopes", "holds something that is no scope; separate scopes by spaces, not by commas")
  return [...new Set(scopes)]
}

function checkedName(sent: SentHeaders, header: IdentityHeader, name: string): string {
  if (namePattern.test(name)) return name
  throw malformed(sent, header, "holds a name that is empty, longer than 256 characters, or not made of A-Z a-z 0-9 @ . _ - : + /")
}

function malformed({ prefix }: SentHeaders, header: IdentityHeader, problem: string): PdpError {
  return new PdpError("ERR_INPUT_INVALID", `${headerShown(header, prefix)} ${problem}`)
}
