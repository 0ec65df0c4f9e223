import type { Flaw } from "./flaw.js"
import { isLocalListen } from "./listen.js"
import type { Config } from "./schema.js"

/** What is wrong with the place where Envoy asks over gRPC, together with how the server listens. */
export function gatewayFlaws({ gateway, server, auth }: Config): readonly Flaw[] {
  const { listen } = gateway.envoy_grpc
  if (listen === undefined) return []
  const flaw = (problem: string): readonly Flaw[] => [{ key: "gateway.envoy_grpc.listen", problem }]
  if ([server.listen, server.health_listen].includes(listen) && !listen.endsWith(":0"))
    return flaw(`'${listen}' is where the server listens for HTTP; give gRPC a place of its own, such as 127.0.0.1:9191`)
  if (isLocalListen(listen)) return []
  if (!server.insecure_behind_proxy && server.tls.cert_file === undefined)
    return flaw(
      `'${listen}' is no loopback address, and tokens would travel unencrypted; set server.tls.cert_file and server.tls.key_file, ` +
        "or --insecure-behind-proxy when a proxy ends TLS, or listen on 127.0.0.1",
    )
  const reachable = `'${listen}' is reachable from other machines, and`
  if (auth.allow_unsigned_jwt) return flaw(`${reachable} auth.allow_unsigned_jwt is true: anybody could write a token; set that to false`)
  return auth.enabled ? [] : flaw(`${reachable} auth.enabled is false: tokens would not be looked at; set that to true`)
}
