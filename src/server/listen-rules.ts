import { PdpError } from "../errors.js"
import type { ServerOptions } from "./server.js"

/** Which addresses never leave this machine. */
export type IsLoopback = (host: string) => boolean

/** True for loopback addresses and UNIX domain sockets, where no proxy is said to be in front: only processes on this machine get there. */
export function isLocalPlace({ listen, insecureBehindProxy = false }: ServerOptions, isLoopback: IsLoopback): boolean {
  return !insecureBehindProxy && ("path" in listen || isLoopback(listen.host))
}

/**
 * Beyond loopback tokens travel, and strangers call: only with TLS, or where a proxy in front speaks it; and nobody is believed who proves nothing.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` with what must be configured
 */
export function assertMayListen({ listen, tls, insecureBehindProxy = false, authentication = {} }: ServerOptions, isLocal: boolean): void {
  if ("path" in listen && tls) throw notAllowed("a UNIX domain socket is spoken to without TLS; leave server.tls out, or listen on an address")
  if (isLocal) return
  const beyond = insecureBehindProxy || "path" in listen ? "the proxy in front lets others in" : `'${listen.host}' is not a loopback address`
  if (!tls && !insecureBehindProxy)
    throw notAllowed(
      `${beyond}: whoever reads a token on the way can use it; configure server.tls (tls), or set server.insecure_behind_proxy (insecureBehindProxy) where a proxy in front speaks TLS and nobody else reaches this port`,
    )
  if (authentication.allowUnsignedJwt === true)
    throw notAllowed(`${beyond}, and tokens that nobody signed are believed on this machine only; set auth.allow_unsigned_jwt to false`)
  if (authentication.enabled === false)
    throw notAllowed(`${beyond}, and without verified tokens only callers on this machine are served; set auth.enabled to true`)
}

function notAllowed(message: string): PdpError {
  return new PdpError("ERR_CONFIG_INVALID", message)
}
