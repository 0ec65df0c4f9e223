/**
 * A map from names to values, kept as 64 maps. A single `Map` of a million names stops the event loop for some 50 ms each time it grows;
 * a 64th of it does not.
 */
export class NameMap<Value> {
  readonly #shards: readonly Map<string, Value>[] = Array.from({ length: shardCount }, () => new Map<string, Value>())

  get(name: string): Value | undefined {
    return this.#shard(name).get(name)
  }

  set(name: string, value: Value): void {
    this.#shard(name).set(name, value)
  }

  delete(name: string): void {
    this.#shard(name).delete(name)
  }

  *[Symbol.iterator](): Generator<readonly [string, Value]> {
    for (const shard of this.#shards) yield* shard
  }

  #shard(name: string): Map<string, Value> {
    const length = name.length < hashedLength ? name.length : hashedLength
    let hash = 0
    for (let at = 0; at < length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x9e3779b1)
    const shard = this.#shards[hash >>> shardShift]
    if (!shard) throw new RangeError(`no shard ${hash >>> shardShift}`)
    return shard
  }
}

const shardCount = 64
const shardShift = 26
const hashedLength = 64
