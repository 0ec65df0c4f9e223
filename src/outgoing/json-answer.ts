import type { IncomingHttpHeaders } from "node:http"
import { scanJson } from "../model/json-scanner.js"
import { unavailable } from "../model/unavailable.js"
import { unrefTimers, type Timers } from "../model/timers.js"
import { httpTarget } from "./http-target.js"
import { readWithin, type AnswerHead } from "./read-within.js"
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
 * Asks for a small JSON document: no redirects, no other status than 200, no other type than JSON, no member twice,
 * no link-local or metadata address.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when the URL may not be asked at all, `ERR_SOURCE_UNAVAILABLE` when no such document comes in time
 */
export async function getJson(question: JsonQuestion): Promise<JsonAnswer> {
  const { url, allowedHosts, timeoutMs = 5_000, mostBytes = 1024 * 1024, resolve = resolveHost, timers = unrefTimers } = question
  const target = httpTarget(url, resolve)
  const { place } = target
  if (allowedHosts !== undefined && !allowedHosts.includes(target.url.hostname))
    throw unavailable(`${place} is on a host that may not be asked`, `list ${target.url.hostname} among the allowed hosts, or name another URL`)
  const onHead = (head: AnswerHead): void => assertJson(place, head)
  const { headers, bytes } = await readWithin({ target, headers: {}, timeoutMs, timers, mostBytes, onHead })
  return { json: parsed(place, bytes), headers }
}

function assertJson(place: string, { status, headers }: AnswerHead): void {
  if (status !== 200) throw unavailable(`${place} answered ${status}${whereTo(headers)}`, "check the URL; redirects are not followed")
  if (!isJson(headers)) throw unavailable(`${place} answered something else than JSON`, "check the URL: a JSON document is due there")
}

function isJson({ "content-type": type = "", "content-encoding": coding }: IncomingHttpHeaders): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type) && (coding === undefined || coding === "identity")
}

function whereTo({ location }: IncomingHttpHeaders): string {
  return location === undefined ? "" : " and names another place"
}

function parsed(place: string, bytes: Buffer): unknown {
  const finding = scanJson(bytes, scanLimits)
  if (finding)
    throw unavailable(`${place} answered JSON that can be read in two ways: ${finding.problem}`, "let it answer what everybody reads alike")
  try {
    return JSON.parse(bytes.toString())
  } catch (cause) {
    throw unavailable(`${place} answered text that is no JSON`, "check the URL: a JSON document is due there", cause)
  }
}

const scanLimits = { depth: 64, keys: 10_000 }
