import { readFile } from "node:fs/promises"
import { messageOf, PdpError } from "../errors.js"
import { packageVersion } from "../model/package-version.js"
import { unavailable } from "../model/unavailable.js"
import { ask, type HttpAnswer } from "../outgoing/index.js"
import { currentHeaders, type HttpHeaders } from "../source/index.js"
import type { BundleAnswer, BundleFeed, BundleQuestion, BundleReports } from "./bundle-feed.js"
import { httpBundleSettings, type HttpBundleOptions, type HttpBundleSettings } from "./http-bundle-settings.js"

export type { HttpBundleOptions } from "./http-bundle-settings.js"

/**
 * A bundle from a server, as stock OPAs take it: asked for again with its `ETag`, and held back by servers that can until there is another one. That is
 * so when a 200 has exactly the content type `application/vnd.openpolicyagent.bundles`; after any other one it is asked every `pollSeconds`.
 *
 * Deltas are asked for, too, but with `verify`: they are not signed. Redirects are not followed, and link-local and metadata addresses are never asked.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when an option is invalid
 * @see https://www.openpolicyagent.org/docs/management-bundles
 */
export function httpBundle(options: HttpBundleOptions): BundleFeed {
  const settings = httpBundleSettings(options)
  const { target, longPollSeconds, reportTarget, pollSeconds, maxBytes, verify, persistFile, surroundings } = settings
  let pollsLong = longPollSeconds > 0
  return {
    name: target.place,
    pollSeconds,
    maxBytes,
    surroundings,
    ...(verify && { verify }),
    ...(persistFile !== undefined && { persistFile }),
    ...(reportTarget && { reports: reportsTo(settings, reportTarget) }),
    waitMs: () => (pollsLong ? longPollSeconds * 1_000 : 0),
    read: async (question) => {
      const asksLong = pollsLong && (question.waitMs > 0 || question.have === undefined)
      // The content type of the answer tells whether questions are held back; this one must not be.
      const seconds = question.waitMs > 0 ? Math.ceil(question.waitMs / 1_000) : 1
      const { answer, isLongPolled } = await answerTo(settings, question, asksLong ? seconds : undefined)
      if (asksLong && isLongPolled !== undefined) pollsLong = isLongPolled
      return answer
    },
  }
}

const longPollType = "application/vnd.openpolicyagent.bundles"

interface Answered {
  readonly answer: BundleAnswer
  /** Undefined when the answer does not tell. */
  readonly isLongPolled?: boolean
}

async function answerTo(
  settings: HttpBundleSettings,
  { have, takesDelta = false, signal }: BundleQuestion,
  waitSeconds: number | undefined,
): Promise<Answered> {
  const { target, maxBytes, timeoutMs, surroundings } = settings
  const ending = new AbortController()
  const end = (): void => ending.abort()
  signal.addEventListener("abort", end)
  if (signal.aborted) end()
  try {
    const headers = {
      ...(await sentHeaders(settings, target.place)),
      prefer: `modes=snapshot${takesDelta && have !== undefined ? ",delta" : ""}${waitSeconds === undefined ? "" : `;wait=${waitSeconds}`}`,
      ...(have !== undefined && { "if-none-match": have }),
      accept: `${longPollType}, application/gzip, application/octet-stream;q=0.9`,
      "accept-encoding": "identity",
    }
    const headTimeoutMs = timeoutMs + (waitSeconds ?? 0) * 1_000
    const answer = await ask({ target, headers, timeoutMs, headTimeoutMs, leastBytesPerMinute, timers: surroundings.timers, signal: ending.signal })
    if (answer.status === 304 && have !== undefined) return { answer: { kind: "unchanged" } }
    assertBundle(target.place, answer)
    const bytes = await bytesOf(answer, maxBytes)
    if (bytes.length === 0) throw unavailable(`${target.place} answers with nothing`, "serve a bundle there; an empty answer is none")
    const { etag, "content-type": type } = answer.headers
    return { answer: { kind: "bundle", bytes, tag: entityTag.test(etag ?? "") ? etag : undefined }, isLongPolled: type === longPollType }
  } finally {
    signal.removeEventListener("abort", end)
    end()
  }
}

/** 64 KiB a second. */
const leastBytesPerMinute = 3_932_160
const entityTag = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]{0,1024}"$/

async function bytesOf(answer: HttpAnswer, mostBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.body(mostBytes)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function assertBundle(place: string, { status, headers }: HttpAnswer): void {
  const coding = headers["content-encoding"] ?? "identity"
  if (status === 200 && coding.toLowerCase() === "identity") return
  const problem =
    status === 200
      ? unavailable(`${place} answers in another encoding`, "serve the bundle as it is, as Accept-Encoding asks: it is gzipped already")
      : unavailable(`${place} answers with the status ${status}`, remedyFor(status, headers))
  throw new PdpError(problem.code, problem.message, { reason: "http_status", details: { ...problem.details, httpStatus: status } })
}

function remedyFor(status: number, { location }: HttpAnswer["headers"]): string {
  if (status === 304) return "it was not asked for that: a cache in between is at fault"
  if (status >= 300 && status < 400) return `redirects are not followed: name the place itself${location === undefined ? "" : " that it points to"}`
  if (status === 401 || status === 403) return "check the token or headers that it is asked with, and what the server lets them fetch"
  if (status === 404 || status === 410) return "check the path of the bundle"
  return status >= 500 || status === 429 ? "its own log may say why; it will be asked again" : "200 is due"
}

async function sentHeaders({ headers, tokenFile }: HttpBundleSettings, place: string): Promise<HttpHeaders> {
  const given = await currentHeaders(place, headers)
  const token = tokenFile === undefined ? {} : { authorization: `Bearer ${await tokenIn(tokenFile, place)}` }
  return { "user-agent": `portcullis/${packageVersion()}`, ...given, ...token }
}

async function tokenIn(file: string, place: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw unavailable(`${place} was not asked: ${messageOf(cause)}`, "check the token file and its rights", cause)
  })
  const token = text.trim()
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw unavailable(`${place} was not asked: ${file} holds no token`, "write the token alone into it, on one line")
}

function reportsTo(settings: HttpBundleSettings, target: NonNullable<HttpBundleSettings["reportTarget"]>): BundleReports {
  const { timeoutMs, surroundings, name, labels } = settings
  return {
    bundle: name,
    labels,
    place: target.place,
    post: async (report, signal) => {
      const ending = new AbortController()
      const end = (): void => ending.abort()
      signal.addEventListener("abort", end)
      try {
        const headers = { ...(await sentHeaders(settings, target.place)), "content-type": "application/json" }
        const content = JSON.stringify(report)
        const { status } = await ask({
          target,
          method: "POST",
          content,
          headers: { ...headers, "content-length": String(Buffer.byteLength(content)) },
          timeoutMs,
          timers: surroundings.timers,
          signal: ending.signal,
        })
        if (status < 200 || status > 299)
          throw unavailable(`${target.place} answers a report with the status ${status}`, "check whether it takes them")
      } finally {
        signal.removeEventListener("abort", end)
        end()
      }
    },
  }
}
