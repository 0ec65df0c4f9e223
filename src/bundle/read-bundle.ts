import { PdpError } from "../errors.js"
import { mergedData, type JsonObject } from "./bundle-data.js"
import { manifestName, readManifest, type BundleManifest } from "./manifest.js"
import { patchName, readPatch, type PatchOperation } from "./patch-file.js"
import { regoPackage } from "./rego-package.js"
import { rootTree, segmentsOf, type RootTree } from "./root-tree.js"
import { readSignaturesFile, signatureProblem, signaturesFile, type SignaturesFile } from "./signatures-file.js"
import { unpackArchive, type BundleLimits } from "./unpack-archive.js"
import { utf8Text } from "./utf8-text.js"
import type { VerificationOptions, VerifiedSignature } from "./verification.js"
import { verifyBundle } from "./verify-bundle.js"

/** What a bundle holds. */
export interface UnpackedBundle {
  /** A delta holds `patch` and nothing else. */
  readonly type: "snapshot" | "delta"
  readonly manifest: BundleManifest
  /** The data of all files. */
  readonly data: JsonObject
  /** WebAssembly modules by name, without a slash in front. */
  readonly wasm: ReadonlyMap<string, Uint8Array>
  /** Rego by name. */
  readonly rego: ReadonlyMap<string, string>
  readonly patch: readonly PatchOperation[]
  /** Every file by name. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Present when it is signed, whether the signature is good or not. */
  readonly signatures?: SignaturesFile
  /** Present when the signature was verified. */
  readonly verified?: VerifiedSignature
}

/** How a bundle is read. */
export interface ReadBundleOptions {
  readonly limits?: BundleLimits
  /** Whose signature it must have. Default: it must be unsigned, because whoever signs wants to be checked; `ignored`: whatever it has. */
  readonly verification?: VerificationOptions | "ignored"
  /** Data files that the caller reads itself, one by one, with `readData`: they are in `files`, not in `data`. Default: none. */
  readonly apart?: (name: string, manifest: BundleManifest, names: ReadonlySet<string>) => boolean
}

/**
 * Reads a bundle: first the archive, then the signature, then what is in it. What OPA refuses is refused; and besides it links, names twice or out of the
 * archive, manifests and signatures in folders, numbers that JavaScript would round, and empty patches.
 *
 * @param bytes a gzipped tar
 * @throws {PdpError} `ERR_BUNDLE_INVALID` naming the file and what is wrong with it; what `verifyBundle` throws
 * @see https://www.openpolicyagent.org/docs/management-bundles#bundle-file-format
 */
export async function readBundle(bytes: Uint8Array, { limits, verification, apart = () => false }: ReadBundleOptions = {}): Promise<UnpackedBundle> {
  const files = await unpackArchive(bytes, limits)
  const verified = await verifiedSignature(files, verification)
  const signatures = files.get(signaturesFile)
  return {
    ...(await interpreted(files, apart)),
    files,
    ...(signatures && { signatures: readSignaturesFile(signatures) }),
    ...(verified && { verified }),
  }
}

async function verifiedSignature(
  files: ReadonlyMap<string, Uint8Array>,
  verification: ReadBundleOptions["verification"],
): Promise<VerifiedSignature | undefined> {
  if (verification === "ignored") return undefined
  if (verification && files.has(patchName) && !files.has(signaturesFile))
    throw signatureProblem("signature_missing", "this is a delta bundle, which OPA does not sign; ask for snapshots where signatures are verified")
  if (verification) return verifyBundle(files, verification)
  if (files.has(signaturesFile))
    throw signatureProblem(
      "verification_key_missing",
      "the bundle is signed, and no verification key is configured; name the public key in bundle_source.verification_key_files, or 'verify' in createPdp",
    )
  return undefined
}

async function interpreted(
  files: ReadonlyMap<string, Uint8Array>,
  apart: NonNullable<ReadBundleOptions["apart"]>,
): Promise<Omit<UnpackedBundle, "files" | "signatures" | "verified">> {
  for (const name of files.keys()) assertPlaced(name)
  const manifest = readManifest(files.get(manifestName))
  const roots = rootTree(manifest.roots)
  const names = new Set(files.keys())
  const data = await mergedData(new Map([...files].filter(([name]) => !apart(name, manifest, names))), roots)
  const rego = new Map(named(files, /\.rego$/).map(([name, bytes]) => [name, utf8Text(name, bytes)]))
  const wasm = new Map(named(files, /(?:^|\/)policy\.wasm$/))
  for (const [name, text] of rego) assertPackage(name, text, roots)
  assertEntrypoints(manifest, roots, wasm)
  const patchBytes = files.get(patchName)
  if (!patchBytes) return { type: "snapshot", manifest, data, rego, wasm, patch: [] }
  if (rego.size + wasm.size + Object.keys(data).length > 0)
    throw invalid("patch_invalid", `${patchName} comes with policies or data; a delta bundle holds nothing else but its manifest`)
  return { type: "delta", manifest, data, rego, wasm, patch: readPatch(patchBytes, roots) }
}

function named(files: ReadonlyMap<string, Uint8Array>, pattern: RegExp): readonly (readonly [string, Uint8Array])[] {
  return [...files].filter(([name]) => pattern.test(name))
}

/** OPA takes whatever ends like this for the one at the root. */
function assertPlaced(name: string): void {
  if (name.endsWith(".manifest.pb")) throw invalid("manifest_invalid", `${name}: a manifest in protobuf is not read; write .manifest in JSON`)
  if (name.endsWith(manifestName) && name !== manifestName) throw invalid("manifest_invalid", `${name}: the manifest is ${manifestName} at the root`)
  if (name.endsWith("signatures.json") && name !== signaturesFile)
    throw invalid("signature_malformed", `${name}: signatures are in ${signaturesFile} at the root`)
  if (name.endsWith(`/${patchName}`)) throw invalid("patch_invalid", `${name}: a patch is ${patchName} at the root`)
}

function assertPackage(name: string, text: string, roots: RootTree): void {
  const path = regoPackage(text)
  if (!path) throw invalid("rego_invalid", `${name} does not begin with a package`)
  if (roots.covers(path)) return
  throw invalid("outside_roots", `manifest roots [${roots.shown}] do not permit 'package ${path.join(".")}' in module '${name}'`)
}

function assertEntrypoints({ wasm: resolvers }: BundleManifest, roots: RootTree, modules: ReadonlyMap<string, Uint8Array>): void {
  const seen = new Set<string>()
  for (const { entrypoint, module } of resolvers) {
    if (!modules.has(module.replace(/^\//, "")))
      throw invalid("manifest_invalid", `manifest references wasm module '${module}' but the module file does not exist`)
    if (!roots.covers(segmentsOf(entrypoint)))
      throw invalid("outside_roots", `manifest roots [${roots.shown}] do not permit '${entrypoint}' entrypoint for wasm module '${module}'`)
    if (seen.has(entrypoint)) throw invalid("manifest_invalid", `manifest names the entrypoint '${entrypoint}' twice`)
    seen.add(entrypoint)
  }
}

function invalid(reason: string, problem: string): PdpError {
  return new PdpError("ERR_BUNDLE_INVALID", problem, { reason })
}
