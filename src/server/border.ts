import type { IncomingMessage } from "node:http"
import { refusal, type Refusal } from "./refusal.js"

/** Which names and pages may reach the server, beside loopback literals and `localhost`. */
export interface BorderRules {
  readonly allowedHosts: ReadonlySet<string>
  readonly allowedOrigins: ReadonlySet<string>
}

/**
 * Keeps web pages away from a server on loopback, DNS rebinding included: `Host` must be ours, `Origin` allowed.
 *
 * @returns why the request is refused: 400, 421 or 403; `undefined` when it may pass
 */
export function checkBorder(request: IncomingMessage, rules: BorderRules): Refusal | undefined {
  const { headers, url } = request
  if (!url?.startsWith("/")) return refusal(400, "input_invalid", "the request target must be a path that begins with '/'")
  if (!isOurHost(headers.host, rules.allowedHosts)) return refusal(421, "host_not_allowed", hostRemedy)
  if (headers.origin !== undefined && !rules.allowedOrigins.has(headers.origin)) return refusal(403, "origin_not_allowed", originRemedy)
  if (headers["sec-fetch-site"] === "cross-site") return refusal(403, "origin_not_allowed", originRemedy)
  return hostsSent(request) > 1 ? refusal(400, "input_invalid", "send one Host header") : undefined
}

/** True when a proxy says that it passed the request on: then it does not come from this machine, and loopback proves nothing. */
export function isForwarded(request: IncomingMessage): boolean {
  for (const name in request.headers) {
    if (name.startsWith("x-forwarded-") || name === "forwarded" || name === "via") return true
  }
  return false
}

/** True for names and addresses that never leave this machine: `localhost`, `127.0.0.0/8`, `::1`. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || loopbackV4.test(host)
}

/** Answered to forwarded requests where only callers on this machine are believed. */
export const forwardedRefusal = refusal(
  403,
  "forwarded_not_trusted",
  "a proxy forwarded this request (Forwarded, X-Forwarded-* or Via), so it does not come from this machine; call the sidecar directly",
)

const byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
const loopbackV4 = new RegExp(`^127(?:\\.${byte}){3}$`)
const hostRemedy = "this Host is not ours; call 127.0.0.1 or localhost, or list the name in server.allowed_hosts"
const originRemedy = "web pages may not call this server; list the page's origin in server.allowed_origins if it must"

function isOurHost(host: string | undefined, allowed: ReadonlySet<string>): boolean {
  if (host === undefined) return false
  const port = /:[0-9]{1,5}$/.exec(host)
  const name = (port ? host.slice(0, port.index) : host).toLowerCase()
  return (name !== "::1" && isLoopback(name)) || allowed.has(name) || allowed.has(host.toLowerCase())
}

function hostsSent(request: IncomingMessage): number {
  const { rawHeaders } = request
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === "host") hosts++
  }
  return hosts
}
