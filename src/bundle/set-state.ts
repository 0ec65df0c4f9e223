import { hash } from "node:crypto"
import type { Followed } from "./bindings-follower.js"
import type { BundleParts } from "./bundle-parts.js"
import { canonicalValue } from "./canonical-json.js"
import type { BundleFile } from "./data-files.js"
import type { EditHistory } from "./edit-history.js"
import { shardFileName, type ShardState } from "./shard-table.js"
import type { SignedFile } from "./sign-bundle.js"

/** What the bundles of a set hold, and since when. */
export interface SetState {
  /** Takes what a table has come to. @throws {PdpError} `ERR_POLICY_INVALID` when the policy's files cannot be read */
  take(followed: Followed): Promise<void>
  /** Of what was taken last; positions grow by one each time. */
  position(): number
  revision(): string
  contentsOf(parts: BundleParts): BundleContents
}

/** What goes into one bundle, its manifest aside. */
export interface BundleContents {
  readonly files: readonly BundleFile[]
  /** The shards among the files. */
  readonly shards: readonly number[]
  /** Every file with its hash. */
  readonly hashes: readonly SignedFile[]
  /** Since when it holds this. */
  readonly since: Since
  /** Another text when anything but bindings is another. */
  readonly fixed: string
}

interface Since {
  readonly position: number
  readonly revision: string
}

/** Files that change together. */
interface FixedPart {
  readonly files: readonly BundleFile[]
  readonly hashes: readonly SignedFile[]
  readonly digest: string
  readonly since: Since
}

interface Shard extends ShardState {
  readonly since: Since
}

/** @param rego where the policy's files come from; asked once for each profile */
export function setState(rego: (profile: "hardened" | "nemo") => Promise<readonly BundleFile[]>, history: EditHistory): SetState {
  const shards: Shard[] = []
  const regoByProfile = new Map<string, readonly BundleFile[]>()
  let now: Since = { position: 0, revision: "" }
  let authzData: unknown
  let policy: FixedPart | undefined
  let roles: FixedPart | undefined

  return {
    take: async ({ content, edits, reloaded }) => {
      const files = regoByProfile.get(content.profile) ?? (await rego(content.profile))
      regoByProfile.set(content.profile, files)
      now = { position: now.position + 1, revision: content.revision }
      if (reloaded) history.restart(now.position)
      else history.add(now.position, edits)
      for (const [shard, state] of reloaded?.entries() ?? []) if (shards[shard]?.hash !== state.hash) shards[shard] = { ...state, since: now }
      for (const { shard, hash, holds } of edits) shards[shard] = { hash, holds, since: now }
      policy = fixedPart(policy, files, now)
      if (roles && authzData === content.authzData) return
      authzData = content.authzData
      roles = fixedPart(roles, [{ name: "authz_data/data.json", body: Buffer.from(canonicalValue(authzData)) }], now)
    },
    position: () => now.position,
    revision: () => now.revision,
    contentsOf: (parts) => {
      const fixed = [parts.holdsPolicy && policy, parts.holdsRoles && roles].filter((part) => typeof part === "object")
      // The bundle of everything holds so many shards that empty ones would weigh most.
      const held = parts.holdsPolicy ? parts.shards.filter((shard) => shards[shard]?.holds) : parts.shards
      const none = parts.shards.length > 0 && held.length === 0 ? [noBindings] : []
      const sinces = [...fixed.map(({ since }) => since), ...parts.shards.flatMap((shard) => shards[shard]?.since ?? [])]
      return {
        files: [...fixed.flatMap(({ files }) => files), ...none],
        shards: held,
        hashes: [
          ...fixed.flatMap(({ hashes }) => hashes),
          ...none.map(signedFile),
          ...held.map((shard) => ({ name: shardFileName(shard), hash: shards[shard]?.hash ?? "" })),
        ],
        since: sinces.reduce((latest, since) => (since.position > latest.position ? since : latest), { position: 0, revision: "" }),
        fixed: fixed.map(({ digest }) => digest).join(),
      }
    },
  }
}

/** A file with the hash that is signed. Structured files must be in canonical form. */
export function signedFile({ name, body }: BundleFile): SignedFile {
  return { name, hash: hash("sha256", body, "hex") }
}

const noBindings: BundleFile = { name: "authz_bindings/data.json", body: Buffer.from("{}") }

function fixedPart(known: FixedPart | undefined, files: readonly BundleFile[], since: Since): FixedPart {
  if (known && known.files === files) return known
  const hashes = files.map(signedFile)
  const digest = hash("sha256", JSON.stringify(hashes), "hex")
  return known?.digest === digest ? { ...known, files } : { files, hashes, digest, since }
}
