import { createHash } from "node:crypto"
import { promisify } from "node:util"
import { constants, crc32, deflateRaw, deflateRawSync, inflateRaw } from "node:zlib"
import { packTar } from "modern-tar"
import { crc32Combine } from "./crc32-combine.js"
import type { BundleFile } from "./data-files.js"

/**
 * One file as a piece of a gzipped tar that goes together with others in any order, so that a bundle of which one file has changed is not
 * compressed anew.
 */
export interface SealedFile {
  readonly name: string
  /** Of the file alone, in bytes. */
  readonly size: number
  /** SHA-256 of the file, in hex. For structured files in canonical form also what OPA signs. */
  readonly hash: string
  /** Of tar header and file, padded. */
  readonly tarSize: number
  readonly crc: number
  /** Deflated blocks that refer to nothing outside of them, and end at a byte. */
  readonly deflated: Uint8Array
}

/** Packs one file. The same file gives the same piece: no times, no owners, a fixed level. */
export async function sealFile({ name, body }: BundleFile): Promise<SealedFile> {
  const packed = await packTar([{ header: { ...header, name, size: body.length }, body }])
  const tar = packed.subarray(0, packed.length - endOfTar.length)
  const deflated = await deflate(tar, { level: 6, finishFlush: constants.Z_SYNC_FLUSH })
  return { name, size: body.length, hash: createHash("sha256").update(body).digest("hex"), tarSize: tar.length, crc: crc32(tar), deflated }
}

/** The file that {@link sealFile} packed. */
export async function unsealFile({ size, tarSize, deflated }: SealedFile): Promise<Buffer> {
  const tar = await inflate(Buffer.concat([deflated, emptyBlock]))
  const padded = Math.ceil(size / tarBlock) * tarBlock
  return tar.subarray(tarSize - padded, tarSize - padded + size)
}

/** A gzip stream (RFC 1952) of one tar with these files, in this order. */
export function joinFiles(files: readonly SealedFile[]): Buffer {
  let crc = 0
  let size = 0
  for (const file of [...files, end]) {
    crc = crc32Combine(crc, file.crc, file.tarSize)
    size += file.tarSize
  }
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crc)
  trailer.writeUInt32LE(size % 0x1_0000_0000, 4)
  return Buffer.concat([gzipHeader, ...files.map(({ deflated }) => deflated), end.deflated, trailer])
}

const deflate = promisify<Uint8Array, { readonly level: number; readonly finishFlush: number }, Buffer>(deflateRaw)
const inflate = promisify<Uint8Array, Buffer>(inflateRaw)
const header = { type: "file", mode: 0o644, mtime: new Date(0), uid: 0, gid: 0, uname: "", gname: "" } as const
const tarBlock = 512
const endOfTar = Buffer.alloc(2 * tarBlock)
const emptyBlock = Buffer.from([3, 0])
/** Deflate, no flags, no time, no hint, an unknown system. */
const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])
const end = { crc: crc32(endOfTar), tarSize: endOfTar.length, deflated: deflateRawSync(endOfTar) }
