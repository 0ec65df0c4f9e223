import { hash } from "node:crypto"
import { readBundle, type JsonObject } from "../bundle/index.js"
import { PdpError } from "../errors.js"
import type { BundleFeed, PackedBundle } from "./bundle-feed.js"
import type { BundleDeciding } from "./bundle-options.js"
import type { BundleContents, BundleState } from "./bundle-state.js"
import { readCustomBundle } from "./custom-bundle.js"
import { isOwnBundle, isOwnShard, readOwnBundle } from "./own-bundle.js"

/** What is known of the bundle that decides. */
export interface ActivatedBundle {
  readonly digest: string
  readonly tag: string | undefined
  readonly named: string
  readonly bytes: number
  readonly signedBy: string | undefined
}

/**
 * Verifies a bundle, reads it, loads its policy with its data beside the one that decides, and lets it decide.
 *
 * @throws {PdpError} `ERR_BUNDLE_INVALID`, `ERR_POLICY_INVALID`; the bundle before goes on deciding
 */
export async function activateBundle(
  { verify, maxBytes }: Pick<BundleFeed, "verify" | "maxBytes">,
  deciding: BundleDeciding,
  state: BundleState,
  packed: PackedBundle,
  from: "feed" | "disk",
  signal: AbortSignal,
): Promise<ActivatedBundle> {
  const bundle = await readBundle(packed.bytes, { limits: { bytes: maxBytes }, apart: isOwnShard, ...(verify && { verification: verify }) })
  if (bundle.type === "delta")
    throw new PdpError(
      "ERR_BUNDLE_INVALID",
      "the bundle is a delta, which was not asked for; serve snapshots to who does not list 'delta' in Prefer",
      {
        reason: "delta_refused",
      },
    )
  const known = state.current()?.contents
  const isOwn = isOwnBundle(bundle)
  if (isOwn && (packed.data || (deciding.entrypoints ?? []).length > 0))
    throw new PdpError(
      "ERR_BUNDLE_INVALID",
      "this is a bundle of Portcullis' own, which takes neither entrypoints nor further data; leave them out",
      {
        reason: "data_conflict",
      },
    )
  const contents: BundleContents = isOwn
    ? await readOwnBundle(bundle, deciding.profile ?? "hardened", deciding.memoryLimitMb, known?.kind === "portcullis" ? known : undefined)
    : await readCustomBundle(bundle, deciding, packed.data)
  signal.throwIfAborted()
  const { revision: named } = bundle.manifest
  await state.take(contents, named, from, signal)
  return { digest: digestOf(packed), tag: packed.tag, named, bytes: packed.bytes.length, signedBy: bundle.verified?.keyId }
}

/** The SHA-256 of a bundle and of the data beside it, in hex. */
export function digestOf({ bytes, data }: { readonly bytes: Uint8Array; readonly data?: JsonObject | undefined }): string {
  const digest = hash("sha256", bytes, "hex")
  return data ? hash("sha256", digest + JSON.stringify(data), "hex") : digest
}
