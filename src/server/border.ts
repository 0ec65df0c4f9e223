import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import { unmapped } from "../model/ip-address.js"
import { isLoopback } from "../model/loopback.js"
import { refusal, type Refusal } from "../model/refusal.js"

/** Which names and pages may reach the server, beside loopback literals, `localhost`, and the address that the connection came in on. */
export interface BorderRules {
  /** In lower case, with or without port. */
  readonly allowedHosts: ReadonlySet<string> | "any"
  readonly allowedOrigins: ReadonlySet<string>
}

/**
 * Keeps web pages away from a server on loopback, DNS rebinding included: `Host` must be ours, `Origin` allowed.
 *
 * Requests that proxies and servers read differently do not pass either.
 *
 * @returns why the request is refused: 400, 403, 417, 421 or 431; `undefined` when it may pass
 */
export function checkBorder(request: IncomingMessage, rules: BorderRules): Refusal | undefined {
  const { headers, url = "" } = request
  const ambiguous = checkFraming(request)
  if (ambiguous) return ambiguous
  const unclear = targetProblem(url)
  if (unclear !== undefined) return refusal(400, "input_invalid", unclear)
  if (rules.allowedHosts !== "any" && !isOurHost(headers.host, rules.allowedHosts, request.socket))
    return refusal(421, "host_not_allowed", hostRemedy)
  if (headers.origin !== undefined && !rules.allowedOrigins.has(headers.origin)) return refusal(403, "origin_not_allowed", originRemedy)
  if (headers["sec-fetch-site"] === "cross-site") return refusal(403, "origin_not_allowed", originRemedy)
  if (hostsSent(request) > 1) return refusal(400, "input_invalid", "send one Host header")
  return headers.expect !== undefined && !continueExpected.test(headers.expect) ? unmetExpectation : undefined
}

/**
 * The part of {@link checkBorder} that holds for gateways, too: they pass on what their clients send, `Host` and `Origin` among it, and the targets they
 * ask about are judged by the decision.
 */
export function checkFraming(request: IncomingMessage): Refusal | undefined {
  const ambiguous = framingProblem(request)
  if (ambiguous !== undefined) return refusal(400, "input_invalid", ambiguous, { Connection: "close" })
  return request.rawHeaders.length > maxHeaders * 2 ? refusal(431, "headers_too_large", `send at most ${maxHeaders} headers`) : undefined
}

/** What Node continues, too. */
const continueExpected = /(?:^|\W)100-continue(?:$|\W)/i
const unmetExpectation = refusal(417, "expectation_failed", "the one expectation that is met is 'Expect: 100-continue'")
const maxHeaders = 1_000
const dotSegment = /^[^?]*\/(?:\.|%2e){1,2}(?:[/?]|$)/i
const hostRemedy = "this Host is not ours; call 127.0.0.1 or localhost, or list the name in server.allowed_hosts"
const originRemedy = "web pages may not call this server; list the page's origin in server.allowed_origins if it must"

/** Framings that servers and proxies read differently, which is how one request is smuggled inside another. */
function framingProblem({ httpVersion, headers }: IncomingMessage): string | undefined {
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return "send HTTP/1.1"
  const coding = headers["transfer-encoding"]
  if (coding === undefined) return undefined
  return httpVersion === "1.1" && coding.toLowerCase() === "chunked" ? undefined : "the one Transfer-Encoding is 'chunked', in HTTP/1.1"
}

/** Targets that servers and proxies route differently. */
function targetProblem(url: string): string | undefined {
  if (!url.startsWith("/")) return "the request target must be a path that begins with '/'"
  if (url.includes("#")) return "the request target holds a fragment; send it without '#'"
  if (url.includes("\\") && url.split("?", 1)[0]?.includes("\\")) return "the path holds a backslash"
  return (url.includes("/.") || url.includes("/%2")) && dotSegment.test(url) ? "the path holds a '.' or '..' segment; send it resolved" : undefined
}

function isOurHost(host: string | undefined, allowed: ReadonlySet<string>, socket: Socket): boolean {
  if (host === undefined) return false
  const port = /:[0-9]{1,5}$/.exec(host)
  if (port && Number(port[0].slice(1)) > 65_535) return false
  const name = (port ? host.slice(0, port.index) : host).toLowerCase()
  return (name !== "::1" && isLoopback(name)) || allowed.has(name) || allowed.has(host.toLowerCase()) || isOwnAddress(name, socket.localAddress)
}

/** An address of ours, written as one: no name of anybody's leads to it. */
function isOwnAddress(name: string, localAddress = ""): boolean {
  const own = unmapped(localAddress)
  return own !== "" && name === (own.includes(":") ? `[${own}]` : own)
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
