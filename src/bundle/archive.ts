import { createHash } from "node:crypto"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { packTar } from "modern-tar"
import type { BundleFile } from "./data-files.js"

/** A bundle as it travels. */
export interface Bundle {
  readonly revision: string
  /** Strong: the SHA-256 of the bytes, in quotes. */
  readonly etag: string
  /** A gzipped tar. */
  readonly bytes: Buffer
}

/** Packs files into a bundle. The same files give the same bytes: names in order, no times, no owners, a fixed gzip header and level. */
export async function packBundle(revision: string, files: readonly BundleFile[], pause: () => Promise<void>): Promise<Bundle> {
  const entries = [...files]
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map(({ name, body }) => ({ header: { ...header, name, size: body.length }, body }))
  const tar = await packTar(entries)
  await pause()
  const bytes = await compress(tar, { level: 6 })
  bytes[osByte] = unknownOs
  return { revision, etag: `"${await digest(bytes, pause)}"`, bytes }
}

const compress = promisify<Uint8Array, { readonly level: number }, Buffer>(gzip)
const header = { type: "file", mode: 0o644, mtime: new Date(0), uid: 0, gid: 0, uname: "", gname: "" } as const
const osByte = 9
const unknownOs = 255
const digestSlice = 4_194_304

async function digest(bytes: Buffer, pause: () => Promise<void>): Promise<string> {
  const hash = createHash("sha256")
  for (let at = 0; at < bytes.length; at += digestSlice) {
    hash.update(bytes.subarray(at, at + digestSlice))
    await pause()
  }
  return hash.digest("hex")
}
