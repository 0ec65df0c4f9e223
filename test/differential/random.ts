/** Numbers that depend on a seed alone, so that every case can be made again. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number
  /** A whole number from 0 up to, not including, `below`. */
  int(below: number): number
  /** One of the items, which must not be empty. */
  pick<T>(items: readonly T[]): T
  /** True with this probability, from 0 to 1. */
  chance(p: number): boolean
}

/** The generator of a seed (mulberry32: 32 bits of state, small and fast). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (below: number) => Math.floor(next() * below)
  return {
    next,
    int,
    pick: (items) => {
      const at = int(items.length)
      for (const item of items.slice(at, at + 1)) return item
      throw new RangeError("nothing to pick from")
    },
    chance: (p) => next() < p,
  }
}
