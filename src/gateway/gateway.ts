import { headerPairs } from "../model/header-pairs.js"

/** The gateways that ask over HTTP, each by a path of its own. */
export const httpGatewayNames = ["envoy", "nginx", "traefik", "caddy"] as const
/** One of {@link httpGatewayNames}. */
export type HttpGatewayName = (typeof httpGatewayNames)[number]

/** The gateways that ask, as metrics and rules of shadow mode name them. */
export const gatewayNames = [...httpGatewayNames, "envoy_grpc"] as const
/** One of {@link gatewayNames}. */
export type GatewayName = (typeof gatewayNames)[number]

/** The request that a gateway asks about, as its adapter reads it. */
export interface OriginalRequest {
  /** As the client sent it. */
  readonly method: string
  /** The raw request target with its query, before anybody decoded it. */
  readonly target: string
  /** Names and values in turn: only those of {@link keptHeaders}, so that nothing is left by which a client could say who it is, but its token. */
  readonly rawHeaders: readonly string[]
}

/** A question of a gateway, as it came over HTTP. */
export interface GatewayQuestion {
  readonly method: string
  /** The raw request target. */
  readonly target: string
  /** Names and values in turn, as they came over the wire. */
  readonly rawHeaders: readonly string[]
}

/** An answer to a gateway. */
export interface GatewayAnswer {
  readonly status: number
  /** Names and values. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Empty, or JSON. */
  readonly body: string
}

/** The headers of the client that are looked at. */
const keptNames: ReadonlySet<string> = new Set(["authorization", "origin", "access-control-request-method"])

/** The headers of a client that a decision may rest on: its token, and what makes a request a CORS preflight. Everything else is dropped. */
export function keptHeaders(rawHeaders: readonly string[]): readonly string[] {
  return headerPairs(rawHeaders)
    .filter(([name]) => keptNames.has(name.toLowerCase()))
    .flat()
}
