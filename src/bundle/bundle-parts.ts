import { canonicalValue } from "./canonical-json.js"
import type { BundleFile } from "./data-files.js"
import { shardCount, shardName } from "./shard-table.js"

/** What one bundle is made of. */
export interface BundleParts {
  readonly name: string
  /** Sorted. */
  readonly roots: readonly string[]
  readonly holdsPolicy: boolean
  readonly holdsRoles: boolean
  /** The shards of bindings. */
  readonly shards: readonly number[]
}

/**
 * The bundles there are: `authz`, which holds everything; and the same in parts with disjoint roots: `authz-policy`, `authz-roles`, and
 * `authz-bindings-00` and so on, numbered in hex.
 *
 * @param bindingBundles how many of the last kind: a power of two, 256 at most
 */
export function bundleParts(bindingBundles: number): readonly BundleParts[] {
  const all = Array.from({ length: shardCount }, (_, shard) => shard)
  const shardsInBundle = shardCount / bindingBundles
  return [
    { name: "authz", roots: ["authz", "authz_bindings", "authz_data"], holdsPolicy: true, holdsRoles: true, shards: all },
    { name: "authz-policy", roots: ["authz"], holdsPolicy: true, holdsRoles: false, shards: [] },
    { name: "authz-roles", roots: ["authz_data"], holdsPolicy: false, holdsRoles: true, shards: [] },
    ...Array.from({ length: bindingBundles }, (_, index) => {
      const shards = all.slice(index * shardsInBundle, (index + 1) * shardsInBundle)
      return {
        name: `authz-bindings-${shardName(index)}`,
        roots: shards.map((shard) => `authz_bindings/${shardName(shard)}`),
        holdsPolicy: false,
        holdsRoles: false,
        shards,
      }
    }),
  ]
}

/** The names of {@link bundleParts}. */
export function bundleNames(bindingBundles: number): readonly string[] {
  return bundleParts(bindingBundles).map(({ name }) => name)
}

/** The manifest of a bundle at a revision. */
export function manifestFile({ roots }: BundleParts, revision: string): BundleFile {
  return { name: ".manifest", body: Buffer.from(canonicalValue({ revision, roots, rego_version: 1 })) }
}
