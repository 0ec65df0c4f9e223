import { createHash } from "node:crypto"
import { byCodePoints } from "./canonical-json.js"
import type { BundleFile } from "./data-files.js"
import { joinFiles, sealFile, type SealedFile } from "./sealed-file.js"

/** A bundle as it travels. */
export interface Bundle {
  readonly revision: string
  /** Strong: the SHA-256 of the bytes, in quotes; of a delta: of the state that it leads to. */
  readonly etag: string
  /** A gzipped tar. */
  readonly bytes: Buffer
}

/** The bytes of an archive, and their SHA-256 in hex. */
export interface Archive {
  readonly bytes: Buffer
  readonly digest: string
}

/** Packs files into an archive. The same files give the same bytes, whatever their order. */
export async function packFiles(files: readonly BundleFile[], pause: () => Promise<void>): Promise<Archive> {
  return joinedArchive(await Promise.all(files.map(sealFile)), pause)
}

/** An archive of files that are packed already. */
export async function joinedArchive(files: readonly SealedFile[], pause: () => Promise<void>): Promise<Archive> {
  const bytes = joinFiles([...files].sort((left, right) => byCodePoints(left.name, right.name)))
  const hash = createHash("sha256")
  for (let at = 0; at < bytes.length; at += digestSlice) {
    hash.update(bytes.subarray(at, at + digestSlice))
    await pause()
  }
  return { bytes, digest: hash.digest("hex") }
}

const digestSlice = 4_194_304
