import { createHash } from "node:crypto"
import type { BindingsByPrincipal, CopiedContent } from "./content.js"

/** One file of a bundle. */
export interface BundleFile {
  /** Relative, with `/`. */
  readonly name: string
  readonly body: Buffer
}

/**
 * The data files of a bundle: `authz_data/data.json`, and one `authz_bindings/<shard>/data.json` for each of the 256 shards that holds
 * bindings. A shard is the first two hex digits of the SHA-256 of the principal, as `bindings/opa.rego` computes it.
 */
export async function dataFiles(content: CopiedContent, pause: () => Promise<void>): Promise<readonly BundleFile[]> {
  const files: BundleFile[] = [{ name: "authz_data/data.json", body: json(content.authzData) }]
  const shards = await principalsByShard(content.bindings, pause)
  for (const shard of [...shards.keys()].sort()) {
    files.push({ name: `authz_bindings/${shard}/data.json`, body: shardFile(shards.get(shard) ?? [], content.bindings) })
    await pause()
  }
  if (shards.size === 0) files.push({ name: "authz_bindings/data.json", body: json({}) })
  return files
}

/** JSON text of a value with the keys of every object in order of their code units. */
export function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members
    .sort(byKey)
    .map(([key, member]) => `${JSON.stringify(key)}:${sortedJson(member)}`)
    .join(",")}}`
}

const hashesBetweenPauses = 4_096

async function principalsByShard(bindings: BindingsByPrincipal, pause: () => Promise<void>): Promise<Map<string, string[]>> {
  const shards = new Map<string, string[]>()
  let count = 0
  for (const principal of bindings.keys()) {
    const shard = createHash("sha256").update(principal).digest("hex").slice(0, 2)
    const principals = shards.get(shard)
    if (principals) principals.push(principal)
    else shards.set(shard, [principal])
    if (++count % hashesBetweenPauses === 0) await pause()
  }
  return shards
}

function shardFile(principals: readonly string[], bindings: BindingsByPrincipal): Buffer {
  const members = [...principals].sort().map((principal) => {
    const workspaces = [...(bindings.get(principal) ?? [])]
      .sort(byKey)
      .map(([workspace, roles]) => `${JSON.stringify(workspace)}:${JSON.stringify([...roles].sort())}`)
    return `${JSON.stringify(principal)}:{"workspaces":{${workspaces.join(",")}}}`
  })
  return Buffer.from(`{"principals":{${members.join(",")}}}`)
}

function json(value: unknown): Buffer {
  return Buffer.from(sortedJson(value))
}

function byKey(left: readonly [string, unknown], right: readonly [string, unknown]): number {
  if (left[0] === right[0]) return 0
  return left[0] < right[0] ? -1 : 1
}
