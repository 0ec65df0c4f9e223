import { hash } from "node:crypto"
import { setImmediate as nextTurn } from "node:timers/promises"
import type { UnpackedBundle } from "../bundle/index.js"
import type { RoleBinding, RoleBindingChange } from "../model/role-binding.js"
import type { RoleBindingStore } from "../store/index.js"
import { bindingDifferences } from "./binding-differences.js"
import { bindingPages, shardBindings, shardOfFile, shardOfPrincipal } from "./own-bindings.js"

type Files = UnpackedBundle["files"]

/** What is to be done with the role bindings of a bundle, and what is known once it is done. */
export interface ShardReading {
  readonly read:
    | { readonly kind: "snapshot"; readonly pages: AsyncIterable<readonly RoleBinding[]> }
    | { readonly kind: "changes"; readonly changes: readonly RoleBindingChange[] }
  /** It is done. */
  done(): void
}

/** Knows which shards a store of role bindings was made of, so that a bundle costs what it changes. */
export interface OwnShards {
  /** Reads those files that are not what they were; many of them: all. @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `data_invalid` */
  reading(files: Files, store: RoleBindingStore): Promise<ShardReading>
  /** The store was changed otherwise. */
  changed(changes: readonly RoleBindingChange[]): void
}

/** Knows nothing yet. */
export function ownShards(): OwnShards {
  let known = new Map<string, Shard>()
  return {
    reading: async (files, store) => {
      const digests = await digestsOf(files)
      const others = [...digests].filter(([shard, { digest }]) => known.get(shard)?.digest !== digest)
      const gone = [...known].filter(([shard]) => !digests.has(shard))
      if (others.length + gone.length > mostShards || known.size === 0) return everything(files, digests)
      const next = new Map(known)
      const changes: RoleBindingChange[] = []
      for (const [shard, { name, digest }] of others) {
        const held = heldIn(name, files.get(name) ?? new Uint8Array(), shard)
        for (const [principal, bindings] of held) changes.push(...bindingDifferences(store.heldBy(principal), bindings))
        for (const principal of principalsOf(known.get(shard)))
          if (!held.has(principal)) changes.push(...bindingDifferences(store.heldBy(principal), []))
        next.set(shard, { digest, principals: [...held.keys()], added: new Set() })
        await nextTurn()
      }
      for (const [shard, was] of gone) {
        for (const principal of principalsOf(was)) changes.push(...bindingDifferences(store.heldBy(principal), []))
        next.delete(shard)
      }
      return { read: { kind: "changes", changes }, done: () => void (known = next) }
    },
    changed: (changes) => {
      for (const { binding } of changes) {
        const shard = shardOfPrincipal(binding.principal)
        const was = known.get(shard)
        known.set(shard, { digest: "", principals: was?.principals ?? [], added: (was?.added ?? new Set()).add(binding.principal) })
      }
    },
  }

  function everything(files: Files, digests: ReadonlyMap<string, FileDigest>): ShardReading {
    const principals = new Map([...digests.keys()].map((shard): readonly [string, string[]] => [shard, []]))
    const met = (shard: string, principal: string): void => void principals.get(shard)?.push(principal)
    return {
      read: { kind: "snapshot", pages: pagesOf(bindingPages(files, met)) },
      done: () => {
        known = new Map([...digests].map(([shard, { digest }]) => [shard, { digest, principals: principals.get(shard) ?? [], added: new Set() }]))
      },
    }
  }
}

/** What is known of one shard. */
interface Shard {
  /** Of its file; empty: it is another one meanwhile. */
  readonly digest: string
  /** Who held anything when it was read. */
  readonly principals: readonly string[]
  /** Who may hold anything besides. */
  readonly added: Set<string>
}

interface FileDigest {
  readonly name: string
  readonly digest: string
}

/** Beyond, a store beside the present one is as cheap. */
const mostShards = 64

async function digestsOf(files: Files): Promise<ReadonlyMap<string, FileDigest>> {
  const digests = new Map<string, FileDigest>()
  let sinceTurn = 0
  for (const [name, bytes] of files) {
    const shard = shardOfFile(name)
    if (shard === undefined) continue
    digests.set(shard, { name, digest: hash("sha256", bytes, "hex") })
    sinceTurn += bytes.length
    if (sinceTurn < bytesPerTurn) continue
    sinceTurn = 0
    await nextTurn()
  }
  return digests
}

const bytesPerTurn = 1_048_576

function* principalsOf(shard: Shard | undefined): Generator<string> {
  yield* shard?.principals ?? []
  yield* shard?.added ?? []
}

function heldIn(name: string, bytes: Uint8Array, shard: string): ReadonlyMap<string, readonly RoleBinding[]> {
  const held = new Map<string, RoleBinding[]>()
  const met = (principal: string): void => void held.set(principal, [])
  for (const binding of shardBindings(name, bytes, shard, met)) held.get(binding.principal)?.push(binding)
  return held
}

/** As a source's pages come. */
async function* pagesOf(pages: Iterable<readonly RoleBinding[]>): AsyncGenerator<readonly RoleBinding[]> {
  yield* pages
}
