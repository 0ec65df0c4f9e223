/** Reads a body as it comes, each byte once. */
export interface BodyReader {
  readonly read: (bytes: Buffer) => void
  /** Nothing more is read: it has ended, has no right form, or is longer than what is read. */
  readonly isWhole: () => boolean
  readonly text: () => string
}

/** What is read of a body. */
export const mostBodyBytes: number = 1024 * 1024

/** @param framing its length, `Infinity` when it ends with the connection; or in chunks (RFC 9112 section 7.1) */
export function bodyReader(framing: { readonly length: number } | "chunked"): BodyReader {
  const pieces: Buffer[] = []
  let size = 0
  const keep = (bytes: Buffer): void => {
    if (bytes.length === 0) return
    pieces.push(bytes)
    size += bytes.length
  }
  const chunks = framing === "chunked" ? chunkReader(keep) : undefined
  const length = framing === "chunked" ? Infinity : framing.length
  const isWhole = (): boolean => size >= Math.min(length, mostBodyBytes) || chunks?.isOver() === true
  return {
    read(bytes) {
      if (isWhole()) return
      if (chunks) chunks.read(bytes)
      else keep(bytes.subarray(0, Math.min(length, mostBodyBytes) - size))
    },
    isWhole,
    text: () => Buffer.concat(pieces).toString("utf8", 0, Math.min(size, mostBodyBytes)),
  }
}

/** Past so much a line is none that says how long a chunk is. */
const mostLine = 1024

function chunkReader(keep: (bytes: Buffer) => void): { readonly read: (bytes: Buffer) => void; readonly isOver: () => boolean } {
  let line = ""
  /** Of the chunk, and of the line break after it. */
  let [left, breakLeft] = [0, 0]
  let isOver = false
  const readLine = (bytes: Buffer): Buffer => {
    const end = bytes.indexOf("\n")
    line += bytes.toString("latin1", 0, end < 0 ? Math.min(bytes.length, mostLine) : Math.min(end, mostLine))
    if (end < 0 && line.length < mostLine) return bytes.subarray(bytes.length)
    const [, hex] = /^([0-9a-f]{1,8})[ \t]*(?:;[^\r]*)?\r$/i.exec(line) ?? []
    line = ""
    left = hex === undefined ? 0 : Number.parseInt(hex, 16)
    breakLeft = 2
    isOver = left === 0
    return bytes.subarray(end + 1)
  }
  return {
    read(bytes) {
      let rest = bytes
      while (rest.length > 0 && !isOver) {
        if (left > 0) {
          keep(rest.subarray(0, left))
          const taken = Math.min(left, rest.length)
          left -= taken
          rest = rest.subarray(taken)
        } else if (breakLeft > 0) {
          const taken = Math.min(breakLeft, rest.length)
          breakLeft -= taken
          rest = rest.subarray(taken)
        } else rest = readLine(rest)
      }
    },
    isOver: () => isOver,
  }
}
