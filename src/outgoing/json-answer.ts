import type { IncomingHttpHeaders } from "node:http"
import { unavailable } from "../model/unavailable.js"
import { unrefTimers, type Timers } from "../model/timers.js"
import { ask } from "./http-answer.js"
import { httpTarget } from "./http-target.js"
import { resolveHost, type ResolveHost } from "./outgoing-address.js"

/** A small JSON document to ask for. */
export interface JsonQuestion {
  /** https, or http on this machine. */
  readonly url: string | URL
  /** Hosts that may be asked; undefined: any. */
  readonly allowedHosts?: readonly string[] | undefined
  /** For everything together. Default 5,000. */
  readonly timeoutMs?: number
  /** Default 1 MiB. */
  readonly mostBytes?: number
  /** Default as the operating system does it. */
  readonly resolve?: ResolveHost
  /** Default Node's, which do not keep the process alive. */
  readonly timers?: Timers
}

/** What was answered with 200. */
export interface JsonAnswer {
  readonly json: unknown
  readonly headers: IncomingHttpHeaders
}

/**
 * Asks for a small JSON document: no redirects, no other status than 200, no other type than JSON, no link-local or metadata address.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when the URL may not be asked at all, `ERR_SOURCE_UNAVAILABLE` when no such document comes in time
 */
export async function getJson(question: JsonQuestion): Promise<JsonAnswer> {
  const { url, allowedHosts, timeoutMs = 5_000, mostBytes = 1024 * 1024, resolve = resolveHost, timers = unrefTimers } = question
  const target = httpTarget(url, resolve)
  const { place } = target
  if (allowedHosts !== undefined && !allowedHosts.includes(target.url.hostname))
    throw unavailable(`${place} is on a host that may not be asked`, `list ${target.url.hostname} among the allowed hosts, or name another URL`)
  const ending = new AbortController()
  const cancel = timers.after(timeoutMs, () =>
    ending.abort(unavailable(`${place} has not answered completely within ${timeoutMs} ms`, "check that it is up and reachable")),
  )
  try {
    const headers = { "user-agent": "portcullis", accept: "application/json", "accept-encoding": "identity" }
    const { status, headers: answered, body } = await ask({ target, headers, timeoutMs, timers, signal: ending.signal })
    if (status !== 200) throw unavailable(`${place} answered ${status}${whereTo(answered)}`, "check the URL; redirects are not followed")
    if (!isJson(answered)) throw unavailable(`${place} answered something else than JSON`, "check the URL: a JSON document is due there")
    const chunks: Uint8Array[] = []
    for await (const chunk of body(mostBytes)) chunks.push(chunk)
    return { json: parsed(place, Buffer.concat(chunks).toString()), headers: answered }
  } catch (thrown) {
    throw ending.signal.aborted ? ending.signal.reason : thrown
  } finally {
    cancel()
    ending.abort()
  }
}

function isJson({ "content-type": type = "", "content-encoding": coding }: IncomingHttpHeaders): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type) && (coding === undefined || coding === "identity")
}

function whereTo({ location }: IncomingHttpHeaders): string {
  return location === undefined ? "" : " and names another place"
}

function parsed(place: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unavailable(`${place} answered text that is no JSON`, "check the URL: a JSON document is due there", cause)
  }
}
