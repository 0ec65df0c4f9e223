import { z } from "zod"
import { parsedJson } from "../../model/parsed-json.js"
import { quoted } from "../finding.js"
import type { RawReply } from "./raw-client.js"

/** What an echo route says that it saw: `{method, url, headers: [[name, value], …]}`, everything as it came over the wire. */
const UpstreamView = z.object({ method: z.string(), url: z.string(), headers: z.array(z.tuple([z.string(), z.string()])) })
/** See {@link upstreamView}. */
export type UpstreamView = Readonly<z.infer<typeof UpstreamView>>

/** What the upstream saw; undefined when the answer is not that of an echo route. */
export function upstreamView(reply: RawReply): UpstreamView | undefined {
  if ("lost" in reply || !isSuccess(reply.status)) return undefined
  return UpstreamView.safeParse(parsedJson(reply.body)).data
}

/** 2xx. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

/** As CGI, WSGI and their like see a name: some take dots for underscores, too. */
export function canonicalName(name: string): string {
  return name.trim().toLowerCase().replace(/[_.]/g, "-")
}

/** The values of the headers by which an upstream knows who asks and what was decided, by {@link canonicalName}. */
export type IdentityView = ReadonlyMap<string, readonly string[]>

/** @param headerPrefix what the names of identity headers begin with */
export function identityIn({ headers }: UpstreamView, headerPrefix: string): IdentityView {
  const prefixes = [canonicalName(headerPrefix), proofPrefix]
  const found = new Map<string, readonly string[]>()
  for (const [name, value] of headers) {
    const canonical = canonicalName(name)
    if (prefixes.some((prefix) => canonical.startsWith(prefix))) found.set(canonical, [...(found.get(canonical) ?? []), value])
  }
  return found
}

/**
 * What a client changed of the identity that an upstream sees, in words; empty when nothing.
 *
 * @param clean without what the client sent besides
 * @param marker what the client wrote into its headers
 */
export function identityChanges(clean: IdentityView, seen: IdentityView, marker: string): readonly string[] {
  const names = [...new Set([...clean.keys(), ...seen.keys()])]
  return names.flatMap((name) => {
    const [before = [], now = []] = [clean.get(name), seen.get(name)]
    if (now.some((value) => value.includes(marker))) return [`the upstream got ${name}: ${quoted(now.find((value) => value.includes(marker)))}`]
    if (now.length > Math.max(1, before.length)) return [`the upstream got ${name} ${now.length} times`]
    if (isOfOneDecision(name) || text(before) === text(now)) return []
    return [`the upstream got ${name} ${quoted(text(now))} and not ${quoted(text(before))}`]
  })
}

const proofPrefix = "x-portcullis-"

/** These differ from decision to decision. */
function isOfOneDecision(name: string): boolean {
  return /^x-portcullis-(?:decision|decision-id|revision)$/.test(name)
}

/** An empty header and none say the same. */
function text(values: readonly string[]): string {
  return values.map((value) => value.trim()).join(" | ")
}
