import { hash } from "node:crypto"
import { readBundle, type BundleManifest, type JsonObject, type UnpackedBundle } from "../bundle/index.js"
import { PdpError } from "../errors.js"
import type { BundleFeed, PackedBundle } from "./bundle-feed.js"
import type { BundleDeciding } from "./bundle-options.js"
import type { BundleState, Taken } from "./bundle-state.js"
import { readCustomBundle } from "./custom-bundle.js"
import { unfitDelta } from "./delta-problem.js"
import { isOwnBundle, isOwnShard, readOwnBundle } from "./own-bundle.js"

/** What is known of the bundle that decides. */
export interface ActivatedBundle {
  readonly type: UnpackedBundle["type"]
  /** Of the whole bundle as it came; undefined after a delta. */
  readonly digest: string | undefined
  readonly tag: string | undefined
  readonly manifest: BundleManifest
  /** As it travelled, or as the delta did. */
  readonly bytes: number
  readonly signedBy: string | undefined
}

/** Where a bundle comes from, and what it comes after. */
export interface BundleArrival {
  readonly from: "feed" | "disk"
  readonly signal: AbortSignal
  /** What a delta may lead on from; undefined: none was asked for. */
  readonly base: ActivatedBundle | undefined
}

/** Verifies a bundle and reads it. @throws {PdpError} `ERR_BUNDLE_INVALID` */
export function readPacked({ verify, maxBytes }: Pick<BundleFeed, "verify" | "maxBytes">, { bytes }: PackedBundle): Promise<UnpackedBundle> {
  return readBundle(bytes, { limits: { bytes: maxBytes }, apart: isOwnShard, ...(verify && { verification: verify }) })
}

/**
 * Loads the policy of a bundle with its data beside the one that decides, and lets it decide. A delta changes the one that decides.
 *
 * @param packed what the bundle was read from
 * @throws {PdpError} `ERR_BUNDLE_INVALID`, `ERR_POLICY_INVALID`; the bundle before goes on deciding
 */
export async function activateBundle(
  deciding: BundleDeciding,
  state: BundleState,
  packed: PackedBundle,
  bundle: UnpackedBundle,
  { from, signal, base }: BundleArrival,
): Promise<ActivatedBundle> {
  signal.throwIfAborted()
  const { type, manifest } = bundle
  const how = { named: manifest.revision, from, signal }
  if (type === "delta") await amend(state, bundle, base, how)
  else await take(state, bundle, deciding, packed, how)
  const digest = type === "delta" ? undefined : digestOf(packed)
  return { type, digest, tag: packed.tag, manifest, bytes: packed.bytes.length, signedBy: bundle.verified?.keyId }
}

/** The SHA-256 of a bundle and of the data beside it, in hex. */
export function digestOf({ bytes, data }: { readonly bytes: Uint8Array; readonly data?: JsonObject | undefined }): string {
  const digest = hash("sha256", bytes, "hex")
  return data ? hash("sha256", digest + JSON.stringify(data), "hex") : digest
}

async function amend(state: BundleState, { patch, manifest }: UnpackedBundle, base: ActivatedBundle | undefined, how: Taken): Promise<void> {
  if (!base)
    throw new PdpError(
      "ERR_BUNDLE_INVALID",
      "the bundle is a delta, which was not asked for; serve snapshots to who does not list 'delta' in Prefer",
      {
        reason: "delta_refused",
      },
    )
  if (shapeOf(base.manifest) !== shapeOf(manifest)) throw unfitDelta("its roots or modules are not those of the bundle that it is for")
  await state.amend(patch, how)
}

async function take(
  state: BundleState,
  bundle: UnpackedBundle,
  deciding: BundleDeciding,
  { data, rego = bundle.rego }: PackedBundle,
  how: Taken,
): Promise<void> {
  if (!isOwnBundle(bundle)) return state.take(await readCustomBundle({ ...bundle, rego }, deciding, data), bundle.files, how)
  if (data || (deciding.entrypoints ?? []).length > 0)
    throw new PdpError(
      "ERR_BUNDLE_INVALID",
      "this is a bundle of Portcullis' own, which takes neither entrypoints nor further data; leave them out",
      {
        reason: "data_conflict",
      },
    )
  const known = state.current()?.contents
  const { profile = "hardened", memoryLimitMb } = deciding
  const contents = await readOwnBundle(bundle, profile, memoryLimitMb, known?.kind === "portcullis" ? known : undefined)
  return state.take(contents, bundle.files, how)
}

/** What a delta must have in common with the bundle that it is for. */
function shapeOf({ roots, wasm }: BundleManifest): string {
  return JSON.stringify([[...roots].sort(), wasm])
}
