import { promisify } from "node:util"
import { gunzip } from "node:zlib"
import { unpackTar, type TarHeader } from "modern-tar"
import { messageOf, PdpError } from "../errors.js"

/** What a bundle may hold at most. */
export interface BundleLimits {
  /** Of the archive once it is inflated. Default 256 MiB. */
  readonly bytes?: number
  /** Default 10,000. */
  readonly files?: number
  /** Folders inside each other. Default 64. */
  readonly folders?: number
}

/**
 * The files of a gzipped tar, by name without a slash in front. Folders are left out.
 *
 * @throws {PdpError} `ERR_BUNDLE_INVALID` when it is none, is beyond the limits, holds links or devices, a name twice, or one that leads out of it
 */
export async function unpackArchive(
  bytes: Uint8Array,
  { bytes: mostBytes = 268_435_456, files: mostFiles = 10_000, folders = 64 }: BundleLimits = {},
) {
  const tar = await inflated(bytes, mostBytes)
  let met = 0
  // While the archive is read: entries of nothing cost next to nothing to send.
  const filter = ({ type = "file", name }: TarHeader): boolean => {
    if (++met > mostFiles * 2) throw invalid("too_large", `the bundle holds more than ${mostFiles * 2} entries`)
    // Whatever has no name would be skipped.
    if (type !== "directory") nameOf(name, folders)
    return true
  }
  const entries = await unpackTar(tar, { strict: true, filter }).catch((cause: unknown) => {
    if (cause instanceof PdpError) throw cause
    throw invalid("tar_invalid", `the bundle is not a tar: ${messageOf(cause)}`, cause)
  })
  const files = new Map<string, Uint8Array>()
  for (const { header, data } of entries) {
    if (header.type === "directory" || metadataTypes.has(header.type ?? "file")) continue
    const name = nameOf(header.name, folders)
    if ((header.type ?? "file") !== "file") throw invalid("entry_refused", `${name} is a ${header.type}; a bundle holds files only`)
    if (files.has(name)) throw invalid("entry_refused", `the bundle holds ${name} twice`)
    if (files.size === mostFiles) throw invalid("too_large", `the bundle holds more than ${mostFiles} files`)
    files.set(name, data ?? new Uint8Array())
  }
  if (files.size === 0) throw invalid("tar_invalid", "the bundle holds no file")
  return files
}

const inflate = promisify<Uint8Array, { readonly maxOutputLength: number; readonly chunkSize: number }, Buffer>(gunzip)
const pieceBytes = 262_144
const metadataTypes = new Set(["pax-header", "pax-global-header", "gnu-long-name", "gnu-long-link-name"])

async function inflated(bytes: Uint8Array, mostBytes: number): Promise<Buffer> {
  try {
    return await inflate(bytes, { maxOutputLength: mostBytes, chunkSize: pieceBytes })
  } catch (cause) {
    if (cause instanceof RangeError) throw invalid("too_large", `the bundle holds more than ${mostBytes} bytes once it is inflated`, cause)
    throw invalid("gzip_invalid", `the bundle is not gzip, or cut off: ${messageOf(cause)}`, cause)
  }
}

/** OPA writes names with a slash in front, others with `./`. */
function nameOf(raw: string, folders: number): string {
  const name = raw.replace(/^(?:\.\/|\/)/, "")
  const shown = JSON.stringify(raw.slice(0, 200))
  const segments = name.split("/")
  if (
    name.trim() === "" ||
    segments.some((segment) => segment === "" || segment === "." || segment === "..") ||
    /[\\\u0000-\u001f\u007f]|^[A-Za-z]:/.test(name)
  )
    throw invalid("entry_refused", `the name ${shown} leads out of the bundle, or is none`)
  if (segments.length - 1 > folders) throw invalid("too_large", `${shown} lies in more than ${folders} folders`)
  return name
}

function invalid(reason: string, problem: string, cause?: unknown): PdpError {
  return new PdpError("ERR_BUNDLE_INVALID", problem, { reason, ...(cause !== undefined && { cause }) })
}
