import { packFiles } from "./archive.js"
import { byCodePoints, canonicalText } from "./canonical-json.js"
import type { BundleFile } from "./data-files.js"
import { shardName, type PrincipalEdit } from "./shard-table.js"

/**
 * A delta bundle: the manifest of the state that it leads to, and `patch.json`, in which a principal's bindings are replaced whole, or removed with the last one.
 *
 * @param manifest with the roots of the snapshot: OPA refuses others
 * @param edits by shard
 * @returns `undefined` when there is nothing to say, which OPA would take for an empty snapshot, or so much that a snapshot is better
 */
export async function packDelta(
  manifest: BundleFile,
  edits: ReadonlyMap<number, readonly PrincipalEdit[]>,
  mostBytes: number,
): Promise<Buffer | undefined> {
  const operations = [...edits].sort(([left], [right]) => left - right).flatMap(([shard, principals]) => operationsOf(shard, principals))
  if (operations.length === 0 || operations.reduce((sum, { length }) => sum + length, 0) > mostBytes) return undefined
  const patch = { name: "patch.json", body: Buffer.from(`{"data":[${operations.join(",")}]}`) }
  return (await packFiles([manifest, patch], async () => {})).bytes
}

function operationsOf(shard: number, principals: readonly PrincipalEdit[]): readonly string[] {
  return [...principals]
    .sort((left, right) => byCodePoints(left.principal, right.principal))
    .map(({ principal, text }) => {
      const path = canonicalText(`/authz_bindings/${shardName(shard)}/principals/${patchSegment(principal)}`)
      return text === undefined ? `{"op":"remove","path":${path}}` : `{"op":"upsert","path":${path},"value":${text}}`
    })
}

/** A segment of a patch path as OPA reads it: it undoes percent-encoding, then JSON Pointer's escapes (RFC 6901). */
function patchSegment(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1").replaceAll("%", "%25")
}
