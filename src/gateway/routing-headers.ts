import { PdpError } from "../errors.js"
import { headerPairs } from "../model/header-pairs.js"

/** Every header by which a gateway, or a client that plays one, tells which path or method was asked for. */
const routingHeaders = [
  "X-Original-URI",
  "X-Original-URL",
  "X-Original-Method",
  "X-Rewrite-URL",
  "X-Forwarded-Uri",
  "X-Forwarded-Method",
  "X-Envoy-Original-Path",
] as const
/** One of {@link routingHeaders}. */
export type RoutingHeader = (typeof routingHeaders)[number]

/** Where a gateway tells path and method. */
export interface TrustedHeaders {
  readonly uri: RoutingHeader
  readonly method: RoutingHeader
}

/**
 * What a gateway tells of the request that it asks about, in the headers of its own; those of any other gateway are refused, because who sends them wants
 * something else to be decided than what is asked for. So are headers that come twice, and twins with underscores, which some servers take for the same.
 *
 * @param rawHeaders names and values in turn
 * @throws {PdpError} `ERR_INPUT_INVALID` naming the header
 */
export function routedRequest(rawHeaders: readonly string[], { uri, method }: TrustedHeaders): { readonly method: string; readonly target: string } {
  const found = trustedValues(rawHeaders, [uri, method])
  return { method: valueOf(found, method), target: valueOf(found, uri) }
}

/** For a gateway that tells nothing in headers: none of them may come. @throws {PdpError} `ERR_INPUT_INVALID` naming the header */
export function assertUnrouted(rawHeaders: readonly string[]): void {
  trustedValues(rawHeaders, [])
}

const names: ReadonlyMap<string, RoutingHeader> = new Map(routingHeaders.map((name) => [name.toLowerCase(), name]))

function trustedValues(rawHeaders: readonly string[], trusted: readonly RoutingHeader[]): ReadonlyMap<RoutingHeader, string> {
  const found = new Map<RoutingHeader, string>()
  for (const [sent, value] of headerPairs(rawHeaders)) {
    const name = names.get(sent.toLowerCase().replaceAll("_", "-"))
    if (name === undefined) continue
    if (sent.includes("_")) throw invalid(`${name} is written with underscores; let the gateway strip such headers of its clients`)
    if (!trusted.includes(name))
      throw invalid(`${name} is not a header by which this gateway tells what is asked for; let it strip the header of its clients`)
    if (found.has(name)) throw invalid(`${name} comes twice; let the gateway set it in place of what its client sends`)
    found.set(name, value)
  }
  return found
}

function valueOf(found: ReadonlyMap<RoutingHeader, string>, name: RoutingHeader): string {
  const value = found.get(name) ?? ""
  if (value === "") throw invalid(`${name} is missing; let the gateway tell there what its client asks for`)
  return value
}

function invalid(message: string): PdpError {
  return new PdpError("ERR_INPUT_INVALID", message)
}
