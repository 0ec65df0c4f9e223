import { valuesOf } from "./raw-answer.js"
import type { RawReply } from "./raw-client.js"

/** The gateways that there are remedies for. */
export const gatewayKinds = ["nginx", "traefik", "caddy", "envoy"] as const
/** One of {@link gatewayKinds}. */
export type GatewayKind = (typeof gatewayKinds)[number]

/** What a gateway says of itself in `Server` or `Via`; undefined when it says nothing, as Traefik does. */
export function kindOf(reply: RawReply): GatewayKind | undefined {
  if ("lost" in reply) return undefined
  const names = [...valuesOf(reply, "server"), ...valuesOf(reply, "via")].join(" ").toLowerCase()
  if (/nginx|openresty|tengine/.test(names)) return "nginx"
  return gatewayKinds.find((kind) => names.includes(kind))
}
