import { createHash } from "node:crypto"

/** A document whose beginning has been read. */
export interface ReadAhead {
  /** From the first byte on. */
  readonly chunks: AsyncIterable<Uint8Array>
  /** Of all bytes; undefined when there are more than were read ahead. */
  readonly digest: string | undefined
  readonly isEmpty: boolean
}

/** Reads up to `mostBytes` ahead, and one chunk more. */
export async function readAhead(document: AsyncGenerator<Uint8Array, undefined>, mostBytes: number): Promise<ReadAhead> {
  const hash = createHash("sha256")
  const chunks: Uint8Array[] = []
  for (let bytes = 0; bytes <= mostBytes;) {
    const { done, value } = await document.next()
    if (done === true) return { chunks: replayed(chunks), digest: hash.digest("base64"), isEmpty: bytes === 0 }
    hash.update(value)
    chunks.push(value)
    bytes += value.length
  }
  return { chunks: replayed(chunks, document), digest: undefined, isEmpty: false }
}

async function* replayed(chunks: Uint8Array[], rest?: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) yield chunk
  if (rest) yield* rest
}
