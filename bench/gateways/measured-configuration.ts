import type { GatewayKind } from "../../examples/gateways/gateway.mjs"

/** How a gateway is measured: as it is shipped, or so that it asks nobody, and is the same otherwise. */
export type Mode = "asking" | "open"

/** Changes a shipped configuration into one to measure. @throws {Error} when it holds nothing of what is to be changed */
export function measuredConfiguration(kind: GatewayKind, mode: Mode): (text: string, file: string) => string {
  const changes = [...lasting[kind], ...(mode === "open" ? opening[kind] : [])]
  return (text, name) => changes.filter(({ file }) => file === name).reduce(changed, text)
}

interface Change {
  readonly file: string
  readonly from: RegExp
  readonly to: string
}

function changed(text: string, { file, from, to }: Change): string {
  const after = text.replaceAll(from, to)
  if (after === text) throw new Error(`${file} holds nothing like ${from.source}; correct bench/gateways/measured-configuration.ts`)
  return after
}

/** NGINX ends connections after a thousand requests, which a load generator takes for errors. */
const lasting: Readonly<Record<GatewayKind, readonly Change[]>> = {
  "envoy-http": [],
  "envoy-grpc": [],
  nginx: [{ file: "nginx.conf", from: /access_log off;/g, to: "access_log off; keepalive_requests 1000000000;" }],
  traefik: [],
  caddy: [],
}

const envoy: Change = { file: "envoy.yaml", from: /^( *)(route: \{ cluster: service.*)$/gm, to: "$1$2\n$1typed_per_filter_config: *open" }

const opening: Readonly<Record<GatewayKind, readonly Change[]>> = {
  "envoy-http": [envoy],
  "envoy-grpc": [envoy],
  nginx: [{ file: "nginx.conf", from: /auth_request \/\.portcullis;/g, to: "auth_request off;" }],
  traefik: [{ file: "dynamic.yaml", from: /middlewares: \[(?:no-upgrade, )?portcullis\]/g, to: "middlewares: [no-upgrade]" }],
  caddy: [{ file: "Caddyfile", from: /^(\t+)forward_auth [^]*?\n\1\}\n/gm, to: "" }],
}
