import type { Chunk } from "./chunk.js"
import type { SpoolFolder } from "./spool-folder.js"
import type { Tally } from "./tally.js"

/** Chunks that wait for their upload, oldest first. */
export interface Spool {
  /** Takes a chunk; the oldest make room. */
  put(chunk: Chunk): Promise<void>
  /**
   * The oldest one. One that has gone from the disk is passed over; one that cannot be read is, too, and is counted and stays there.
   *
   * @throws what is wrong when nothing can be read at present, because this process or machine has too much open
   */
  first(): Promise<Spooled | undefined>
  /** It is done with. @param instead comes in its place */
  remove(id: number, instead?: readonly Chunk[]): Promise<void>
  readonly events: number
  readonly bytes: number
  /** Events in memory only, that end with the process. */
  readonly unsaved: number
}

/** A chunk that waits. */
export interface Spooled extends Chunk {
  readonly id: number
}

/**
 * Keeps chunks up to a number of bytes, and of chunks. With a folder each one is on the disk before it counts as taken, and what the folder held before comes first; a
 * chunk that the disk does not take stays in memory.
 */
export function spool(mostBytes: number, folder: SpoolFolder | undefined, counted: Tally): Spool {
  const found = folder?.found() ?? []
  let waiting: readonly Place[] = found.slice(-mostChunks)
  let nextId = 1 + found.reduce((most, { id }) => Math.max(most, id), 0)

  const forget = async (place: Place): Promise<void> => {
    waiting = waiting.filter((one) => one !== place)
    if (place.content === undefined) await folder?.remove(place).catch(counted.failed)
  }
  const kept = async (chunk: Chunk, id: number): Promise<Place> => {
    const place = { id, count: chunk.count, size: chunk.bytes.length }
    if (!folder) return { ...place, content: chunk.bytes }
    try {
      await folder.write(place, chunk.bytes)
      return place
    } catch (thrown) {
      counted.failed(thrown)
      return { ...place, content: chunk.bytes }
    }
  }
  const readAt = async (place: Place): Promise<Uint8Array | undefined> => {
    try {
      return place.content ?? (await folder?.read(place))
    } catch (thrown) {
      if (isShortage(thrown)) throw thrown
      counted.failed(thrown)
      counted.dropped("invalid", place.count)
      return undefined
    }
  }
  const leaveOut = async (places: readonly Place[]): Promise<void> => {
    for (const place of places) {
      counted.dropped("spool_full", place.count)
      await folder?.remove(place).catch(counted.failed)
    }
  }
  const sum = (value: (place: Place) => number): number => waiting.reduce((total, place) => total + value(place), 0)

  void leaveOut(found.slice(0, -mostChunks))

  return {
    async put(chunk) {
      while (waiting.length > 0 && (waiting.length >= mostChunks || sum(({ size }) => size) + chunk.bytes.length > mostBytes)) {
        const [oldest] = waiting
        if (!oldest) break
        counted.dropped("spool_full", oldest.count)
        await forget(oldest)
      }
      const place = await kept(chunk, nextId++)
      waiting = [...waiting, place]
    },
    async first() {
      for (let oldest = waiting[0]; oldest; oldest = waiting[0]) {
        const bytes = await readAt(oldest)
        if (bytes) return { id: oldest.id, count: oldest.count, bytes }
        waiting = waiting.filter((one) => one !== oldest)
      }
      return undefined
    },
    async remove(id, instead = []) {
      const place = waiting.find((one) => one.id === id)
      if (!place) return
      const places: Place[] = []
      for (const chunk of instead) places.push(await kept(chunk, nextId++))
      const at = waiting.indexOf(place)
      if (at >= 0) waiting = waiting.toSpliced(at, 0, ...places)
      for (const gone of at < 0 ? places : [place]) await forget(gone)
    },
    get events() {
      return sum(({ count }) => count)
    },
    get bytes() {
      return sum(({ size }) => size)
    },
    get unsaved() {
      return sum(({ count, content }) => (content === undefined ? 0 : count))
    },
  }
}

const mostChunks = 100_000
const shortages: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "EBUSY", "EINTR"])

/** It is not the chunk that something is wrong with. */
function isShortage(thrown: unknown): boolean {
  return typeof thrown === "object" && thrown !== null && "code" in thrown && shortages.has(thrown.code)
}

/** Where a chunk is: in the folder, or here. */
export interface Place {
  readonly id: number
  readonly count: number
  readonly size: number
  readonly content?: Uint8Array
}
