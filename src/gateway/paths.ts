import type { HttpGatewayName } from "./gateway.js"

/** The `path_prefix` of Envoy's filter: what stands before the request target that its client asks for. */
export const envoyPrefix = "/apis/auth/ext-authz"

/** Where the other gateways ask. */
export const gatewayPaths: ReadonlyMap<string, HttpGatewayName> = new Map([
  ["/gateway/nginx", "nginx"],
  ["/gateway/traefik", "traefik"],
  ["/gateway/caddy", "caddy"],
])

/** The gateway that a request target is for: one of {@link gatewayPaths}, with any query, or {@link envoyPrefix} with a path, a query or nothing behind. */
export function gatewayAt(target: string): HttpGatewayName | undefined {
  if (target.startsWith(envoyPrefix) && /^(?:[/?]|$)/.test(target.slice(envoyPrefix.length, envoyPrefix.length + 1))) return "envoy"
  const queryAt = target.indexOf("?")
  return gatewayPaths.get(queryAt < 0 ? target : target.slice(0, queryAt))
}
