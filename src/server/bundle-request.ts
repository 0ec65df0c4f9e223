import type { IncomingMessage } from "node:http"
import { readPreferences } from "../fleet/index.js"

/** Where a bundle has always been, for OPAs of the reference. */
const aliases: ReadonlySet<string> = new Set(["/apis/auth/v2/iam/opa-bundle.tar.gz", "/internal/iam/opa-bundle.tar.gz"])
/** The paths of {@link bundleNameAt}, as routes. */
export const bundleRoutes = ["/bundles/{name}", ...aliases] as const

/** The name of the bundle that a path is for: `/bundles/<name>.tar.gz`, or without the end, which is what an OPA asks for by default. */
export function bundleNameAt(path: string): string | undefined {
  if (aliases.has(path)) return "authz"
  return /^\/bundles\/([\w.-]{1,128}?)(?:\.tar\.gz)?$/.exec(path)?.[1]
}

/** What a request for a bundle asks for. */
export interface BundleRequest {
  readonly ifNoneMatch: string | undefined
  /** The one strong entity tag in it: what an OPA runs. */
  readonly tag: string | undefined
  /** How long it is willing to wait for news. */
  readonly waitMs: number
  /** It asked for long polling, perhaps with no time at all, and may do so. */
  readonly pollsLong: boolean
  readonly takesDelta: boolean
  readonly isHead: boolean
}

/** @param longestMs that anybody may wait */
export function readBundleRequest({ method, headers }: Pick<IncomingMessage, "method" | "headers">, longestMs: number): BundleRequest {
  const prefer = headers["prefer"]
  const { waitSeconds, takesDelta } = readPreferences(Array.isArray(prefer) ? prefer.join() : prefer)
  const ifNoneMatch = headers["if-none-match"]
  const isHead = method === "HEAD"
  return {
    ifNoneMatch,
    tag: ifNoneMatch !== undefined && strongTag.test(ifNoneMatch) ? ifNoneMatch : undefined,
    waitMs: isHead ? 0 : Math.min((waitSeconds ?? 0) * 1_000, longestMs),
    pollsLong: waitSeconds !== undefined && longestMs > 0,
    takesDelta: takesDelta && !isHead,
    isHead,
  }
}

const strongTag = /^"[\x21\x23-\x7e\x80-\xff]{1,200}"$/
