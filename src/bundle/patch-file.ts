import { z } from "zod"
import { PdpError } from "../errors.js"
import { firstIssue } from "../model/first-issue.js"
import { readData } from "./bundle-data.js"
import type { RootTree } from "./root-tree.js"

/** One step of a delta bundle. */
export interface PatchOperation {
  readonly op: "upsert" | "remove" | "replace"
  /** The segments of where; at least one. */
  readonly path: readonly string[]
  /** Absent for `remove`. */
  readonly value?: unknown
}

const Patch = z.object({
  data: z.array(z.object({ op: z.enum(["upsert", "remove", "replace"]), path: z.string(), value: z.unknown().optional() })).default([]),
})

/** The name of the file in delta bundles. */
export const patchName = "patch.json"

/**
 * Reads `patch.json`.
 *
 * @throws {PdpError} `ERR_BUNDLE_INVALID` when it is malformed, empty (which OPA takes for an empty snapshot), or leads outside the roots
 */
export function readPatch(bytes: Uint8Array, roots: RootTree): readonly PatchOperation[] {
  const parsed = Patch.safeParse(readData(patchName, bytes))
  if (!parsed.success) throw invalid(`${patchName}: ${firstIssue(parsed.error)}`)
  if (parsed.data.data.length === 0) throw invalid(`${patchName} is empty; send nothing instead, because OPA takes it for an empty snapshot`)
  return parsed.data.data.map(({ op, path: raw, value }) => {
    const path = pathOf(raw)
    if (!roots.covers(path))
      throw new PdpError("ERR_BUNDLE_INVALID", `manifest roots [${roots.shown}] do not permit data patch at path '${raw}'`, {
        reason: "outside_roots",
      })
    return { op, path, ...(op !== "remove" && { value }) }
  })
}

/** As OPA reads it: percent-encoding is undone, then the escapes of JSON Pointer (RFC 6901). */
function pathOf(raw: string): readonly string[] {
  const trimmed = raw.replace(/^\/+|\/+$/g, "")
  if (trimmed === "") throw invalid(`${patchName} patches the path '${raw}', which is everything; send a snapshot`)
  try {
    return trimmed.split("/").map((segment) => decodeURIComponent(segment).replaceAll("~1", "/").replaceAll("~0", "~"))
  } catch (cause) {
    throw invalid(`${patchName} has the path '${raw.slice(0, 200)}', which is not percent-encoded as it must be`, cause)
  }
}

function invalid(problem: string, cause?: unknown): PdpError {
  return new PdpError("ERR_BUNDLE_INVALID", problem, { reason: "patch_invalid", ...(cause !== undefined && { cause }) })
}
