import type { GatewayKind } from "../../examples/gateways/gateway.mjs"

/** Changes a shipped configuration into one that asks nobody, and is the same otherwise. @throws {Error} when there is nothing to change in it */
export function openConfiguration(kind: GatewayKind): (text: string, file: string) => string {
  const { file, from, to } = changes[kind]
  return (text, name) => {
    if (name !== file) return text
    const changed = text.replaceAll(from, to)
    if (changed === text) throw new Error(`${kind}/${name} holds nothing by which it asks; correct bench/gateways/open-configuration.ts`)
    return changed
  }
}

interface Change {
  readonly file: string
  readonly from: RegExp
  readonly to: string
}

const envoy: Change = {
  file: "envoy.yaml",
  from: /^( *)(route: \{ cluster: service.*)$/gm,
  to: "$1$2\n$1typed_per_filter_config: *open",
}

const changes: Readonly<Record<GatewayKind, Change>> = {
  "envoy-http": envoy,
  "envoy-grpc": envoy,
  nginx: { file: "nginx.conf", from: /auth_request \/\.portcullis;/g, to: "auth_request off;" },
  caddy: { file: "Caddyfile", from: /^(\t+)forward_auth [^]*?\n\1\}\n/gm, to: "" },
  traefik: { file: "dynamic.yaml", from: /middlewares: \[(no-upgrade, )?portcullis\]/g, to: "middlewares: [no-upgrade]" },
}
