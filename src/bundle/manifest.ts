import { z } from "zod"
import { messageOf, PdpError } from "../errors.js"
import { firstIssue } from "../model/first-issue.js"
import { beyondBounds } from "./bounded-json.js"
import { utf8Text } from "./utf8-text.js"

/** The name of a bundle's manifest. */
export const manifestName = ".manifest"

const WasmEntrypoint = z.object({
  entrypoint: z.string("must be a text such as authz/allow"),
  module: z.string("must be the name of a file such as /policy.wasm"),
  annotations: z.array(z.unknown()).optional(),
})

/**
 * `.manifest` of a bundle.
 *
 * @see https://www.openpolicyagent.org/docs/management-bundles#bundle-file-format
 */
const Manifest = z.object({
  revision: z.string("must be a text").default(""),
  roots: z.array(z.string("must be a text")).default([""]),
  wasm: z.array(WasmEntrypoint).default([]),
  rego_version: z.union([z.literal(0), z.literal(1)], "must be 0 or 1").optional(),
  file_rego_versions: z.record(z.string(), z.union([z.literal(0), z.literal(1)], "must be 0 or 1")).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
})

/** What a bundle says of itself. Roots have no slash at their ends and do not overlap; `""` owns everything. */
export type BundleManifest = Readonly<z.infer<typeof Manifest>>

/**
 * Reads a manifest; without one, a bundle owns everything.
 *
 * @throws {PdpError} `ERR_BUNDLE_INVALID` naming the member; beyond 4 MiB, 100,000 values, 10,000 roots, or 64 segments in one of them
 */
export function readManifest(bytes: Uint8Array | undefined): BundleManifest {
  const manifest = Manifest.parse({})
  if (!bytes) return manifest
  const excess = beyondBounds(bytes, { bytes: 4_194_304, values: 100_000 })
  if (excess !== undefined) throw invalid(`${manifestName}: ${excess}`)
  const parsed = Manifest.safeParse(jsonOf(bytes))
  if (!parsed.success) throw invalid(`${manifestName}: ${firstIssue(parsed.error)}`)
  if (parsed.data.roots.length > mostRoots) throw invalid(`${manifestName} lists more than ${mostRoots} roots`)
  const roots = parsed.data.roots.map(trimmed)
  if (roots.some((root) => root.split("/", mostSegments + 1).length > mostSegments))
    throw invalid(`${manifestName} lists a root of more than ${mostSegments} segments`)
  const overlap = overlapOf(roots)
  if (overlap) throw invalid(`manifest has overlapped roots: '${overlap[0]}' and '${overlap[1]}'`)
  return { ...parsed.data, roots }
}

const mostRoots = 10_000
const mostSegments = 64

/** Without slashes at its ends; an expression would look at those in between again and again. */
function trimmed(root: string): string {
  let [from, to] = [0, root.length]
  while (root[from] === "/") from++
  while (to > from && root[to - 1] === "/") to--
  return root.slice(from, to)
}

/** In code-unit order with `/` first, a root comes right before the first one below it. */
function overlapOf(roots: readonly string[]): readonly [string, string] | undefined {
  const sorted = roots
    .map((root) => ({ root, key: root === "" ? "" : `${root.replaceAll("/", "\u0000")}\u0000` }))
    .sort((left, right) => (left.key < right.key ? -1 : 1))
  for (let at = 1; at < sorted.length; at++) {
    const [above, below] = [sorted[at - 1], sorted[at]]
    if (above && below?.key.startsWith(above.key)) return [above.root, below.root]
  }
  return undefined
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8Text(manifestName, bytes))
  } catch (cause) {
    if (cause instanceof PdpError) throw cause
    throw new PdpError("ERR_BUNDLE_INVALID", `${manifestName} is not JSON: ${messageOf(cause)}`, { reason: "manifest_invalid", cause })
  }
}

function invalid(problem: string): PdpError {
  return new PdpError("ERR_BUNDLE_INVALID", problem, { reason: "manifest_invalid" })
}
