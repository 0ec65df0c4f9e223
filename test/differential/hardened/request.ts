import { z } from "zod"
import { headerOf, Headers, listOf, scopesHeader } from "./headers.js"
import { callerOf, personOf, type Claims, type Identity } from "./identity.js"

/** Who asks, and for whom. */
export interface Askers {
  /** Absent: anonymous. */
  readonly caller?: Identity | undefined
  /** All who must be allowed: the caller, and the person he acts for. Absent: nobody can be, as nobody asks or the delegation is none. */
  readonly all?: readonly Identity[] | undefined
}

/** The input of `authz/allow`, read. */
export interface Request extends Askers {
  readonly method: string
  /** Raw request target. */
  readonly target: string
  /** Absent: not restricted. */
  readonly scopes?: readonly string[] | undefined
}

type Input = Readonly<Record<string, unknown>>

/** Reads the input of `authz/allow`; `undefined` when a value has a wrong type, headers are ambiguous, or method or path is missing. */
export function requestOf(input: Input): Request | undefined {
  const read = AllowInput.safeParse(input)
  if (!read.success) return undefined
  const http = read.data.attributes?.request?.http
  const method = read.data.method ?? http?.method
  const target = read.data.path ?? http?.path
  if (method === undefined || target === undefined) return undefined
  return { ...askersOf(read.data), method, target, scopes: read.data.scopes ?? scopesHeader(http?.headers) }
}

/** Reads who asks from any entrypoint's input; `undefined` when a value has a wrong type, or headers are ambiguous. */
export function askersIn(input: Input): Askers | undefined {
  const read = Claimed.safeParse(input)
  return read.success ? askersOf(read.data) : undefined
}

const text = z.string()
const texts = z.array(text)
const Http = z.looseObject({ method: text.optional(), path: text.optional(), headers: Headers.optional() })
const Claimed = z.looseObject({
  principal_id: text.nullish(),
  principal_email: text.nullish(),
  principal_groups: texts.nullish(),
  on_behalf_of_principal_id: text.nullish(),
  on_behalf_of_principal_email: text.nullish(),
  on_behalf_of_principal_groups: texts.nullish(),
  attributes: z.looseObject({ request: z.looseObject({ http: Http.optional() }).optional() }).optional(),
})
const AllowInput = Claimed.extend({ method: text.optional(), path: text.optional(), scopes: texts.nullish() })

/** Decision 9: a service may act for a person. Without claims of his own, those of the request are the person's. */
function askersOf(input: z.infer<typeof Claimed>): Askers {
  const headers = input.attributes?.request?.http?.headers
  const mine: Claims = {
    id: input.principal_id ?? headerOf(headers, "principal-id") ?? "",
    email: input.principal_email ?? headerOf(headers, "principal-email") ?? "",
    groups: input.principal_groups ?? listOf(headerOf(headers, "principal-groups"), ","),
  }
  const theirs: Claims = {
    id: input.on_behalf_of_principal_id ?? headerOf(headers, "principal-on-behalf-of") ?? "",
    email: input.on_behalf_of_principal_email ?? headerOf(headers, "principal-on-behalf-of-email") ?? "",
    groups: input.on_behalf_of_principal_groups ?? listOf(headerOf(headers, "principal-on-behalf-of-groups"), ","),
  }
  if (theirs.id === "") return undelegated(mine)
  const theyClaim = theirs.email !== "" || theirs.groups.length > 0
  return delegated(theyClaim ? mine : { id: mine.id, email: "", groups: [] }, theyClaim ? theirs : { ...mine, id: theirs.id })
}

function undelegated(claims: Claims): Askers {
  const caller = callerOf(claims)
  return { caller, all: caller && [caller] }
}

function delegated(mine: Claims, theirs: Claims): Askers {
  const caller = callerOf(mine)
  const person = personOf(theirs)
  return { caller, all: caller?.kind === "service" && person ? [caller, person] : undefined }
}
