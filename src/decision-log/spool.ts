import type { Chunk } from "./chunk.js"
import type { SpoolFolder } from "./spool-folder.js"
import type { Tally } from "./tally.js"

/** Chunks that wait for their upload, oldest first. */
export interface Spool {
  /** Takes a chunk; the oldest make room. */
  put(chunk: Chunk): Promise<void>
  /** The oldest one. One that has gone from the disk is passed over. */
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
 * Keeps chunks up to a number of bytes. With a folder each one is on the disk before it counts as taken, and what the folder held before comes first; a
 * chunk that the disk does not take stays in memory.
 */
export function spool(mostBytes: number, folder: SpoolFolder | undefined, counted: Tally): Spool {
  let waiting: readonly Place[] = folder?.found() ?? []
  let nextId = 1 + Math.max(0, ...waiting.map(({ id }) => id))

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
  const sum = (value: (place: Place) => number): number => waiting.reduce((total, place) => total + value(place), 0)

  return {
    async put(chunk) {
      while (waiting.length > 0 && sum(({ size }) => size) + chunk.bytes.length > mostBytes) {
        const [oldest] = waiting
        if (!oldest) break
        counted.dropped("spool_full", oldest.count)
        await forget(oldest)
      }
      waiting = [...waiting, await kept(chunk, nextId++)]
    },
    async first() {
      for (let oldest = waiting[0]; oldest; oldest = waiting[0]) {
        const bytes = oldest.content ?? (await folder?.read(oldest))
        if (bytes) return { id: oldest.id, count: oldest.count, bytes }
        waiting = waiting.slice(1)
      }
      return undefined
    },
    async remove(id, instead = []) {
      const place = waiting.find((one) => one.id === id)
      if (!place) return
      const at = waiting.indexOf(place)
      const places: Place[] = []
      for (const chunk of instead) places.push(await kept(chunk, nextId++))
      waiting = waiting.toSpliced(at, 0, ...places)
      await forget(place)
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

/** Where a chunk is: in the folder, or here. */
export interface Place {
  readonly id: number
  readonly count: number
  readonly size: number
  readonly content?: Uint8Array
}
