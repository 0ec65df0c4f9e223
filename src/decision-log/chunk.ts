import { promisify } from "node:util"
import { gunzip, gzip } from "node:zlib"
import { PdpError } from "../errors.js"

/** Events as they are uploaded: a gzipped JSON array. */
export interface Chunk {
  readonly count: number
  readonly bytes: Uint8Array
}

/** Collects events to chunks whose size comes near to what an upload may have, and never above. */
export interface Chunker {
  /** @returns true when a chunk is full: {@link cut} it */
  add(event: string): boolean
  /** Events and bytes (uncompressed) that are collected. */
  readonly count: number
  readonly bytes: number
  /** The chunks of what is collected. Events that are too large for a chunk of their own are left out. */
  cut(): Promise<{ readonly chunks: readonly Chunk[]; readonly tooLarge: number }>
  /** The server wants smaller ones. */
  shrink(): void
}

/**
 * Cuts where the uncompressed size reaches a soft limit, and moves that limit towards what compresses to 90 % of the hard one, as OPA does. A chunk that
 * comes out too large is halved.
 *
 * @param limitBytes of a compressed chunk
 */
export function chunker(limitBytes: number): Chunker {
  const leastSoft = limitBytes
  let soft = limitBytes * 4
  let events: string[] = []
  let bytes = 0

  const adapt = (compressed: number, uncompressed: number): void => {
    const wanted = uncompressed * ((limitBytes * aimedShare) / compressed)
    soft = Math.max(leastSoft, Math.min(limitBytes * mostRatio, Math.min(soft * 2, Math.max(soft / 2, wanted))))
  }
  return {
    add(event) {
      events.push(event)
      bytes += event.length + 1
      return bytes >= soft
    },
    get count() {
      return events.length
    },
    get bytes() {
      return bytes
    },
    async cut() {
      const taken = events
      const uncompressed = bytes
      events = []
      bytes = 0
      const whole = await chunkOf(taken)
      if (uncompressed * 2 >= soft || whole.bytes.length > limitBytes) adapt(whole.bytes.length, uncompressed)
      return fitting(taken, whole, limitBytes)
    },
    shrink: () => {
      soft = Math.max(leastSoft, soft / 2)
    },
  }
}

const aimedShare = 0.9
const mostRatio = 100
const compress = promisify(gzip)
const decompress = promisify(gunzip)

/** The halves of a chunk that a server calls too large; of one event: none. Rejects when it is no chunk. */
export async function halvesOf(chunk: Chunk): Promise<readonly Chunk[]> {
  if (chunk.count < 2) return []
  const parsed: unknown = JSON.parse((await decompress(chunk.bytes)).toString())
  if (!Array.isArray(parsed)) throw new PdpError("ERR_INPUT_INVALID", "a chunk of decision logs holds no list")
  const events = parsed.map((event: unknown) => JSON.stringify(event))
  const middle = Math.ceil(events.length / 2)
  return Promise.all([chunkOf(events.slice(0, middle)), chunkOf(events.slice(middle))])
}

async function chunkOf(events: readonly string[]): Promise<Chunk> {
  return { count: events.length, bytes: await compress(`[${events.join()}]`) }
}

async function fitting(events: readonly string[], whole: Chunk, limit: number): ReturnType<Chunker["cut"]> {
  if (events.length === 0) return { chunks: [], tooLarge: 0 }
  if (whole.bytes.length <= limit) return { chunks: [whole], tooLarge: 0 }
  const [only] = events
  if (events.length === 1 && only !== undefined) return withoutCache(only, limit)
  const middle = Math.ceil(events.length / 2)
  const halves = [events.slice(0, middle), events.slice(middle)]
  const fitted = await Promise.all(halves.map(async (half) => fitting(half, await chunkOf(half), limit)))
  return { chunks: fitted.flatMap(({ chunks }) => chunks), tooLarge: fitted.reduce((sum, { tooLarge }) => sum + tooLarge, 0) }
}

/** As in OPA: of one event that is too large, the cache of builtins goes first. */
async function withoutCache(event: string, limit: number): ReturnType<Chunker["cut"]> {
  const smaller = await chunkOf([JSON.stringify(JSON.parse(event), (name, value: unknown) => (name === "nd_builtin_cache" ? undefined : value))])
  return smaller.bytes.length <= limit ? { chunks: [smaller], tooLarge: 0 } : { chunks: [], tooLarge: 1 }
}
