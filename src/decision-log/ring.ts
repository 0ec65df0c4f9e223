/** Something that waits, and about how many bytes it holds. */
export interface Weighed {
  readonly bytes: number
}

/** A queue that never grows beyond its bounds: what is oldest makes room. Adding and taking cost the same however many wait. */
export interface Ring<Item extends Weighed> {
  /** @returns how many had to go: the oldest ones, or the item itself when it is larger than everything together may be */
  push(item: Item): number
  /** The oldest one. */
  take(): Item | undefined
  readonly size: number
  readonly bytes: number
}

/** Bounds of a {@link ring}. */
export interface RingBounds {
  readonly items: number
  readonly bytes: number
}

/** An empty queue. */
export function ring<Item extends Weighed>(bounds: RingBounds): Ring<Item> {
  const slots: (Item | undefined)[] = []
  let first = 0
  let size = 0
  let bytes = 0
  const take = (): Item | undefined => {
    const item = slots[first]
    if (!item) return undefined
    slots[first] = undefined
    first = first + 1 === bounds.items ? 0 : first + 1
    size--
    bytes -= item.bytes
    return item
  }
  return {
    push(item) {
      if (item.bytes > bounds.bytes) return 1
      let dropped = 0
      while (size >= bounds.items || bytes + item.bytes > bounds.bytes) {
        take()
        dropped++
      }
      slots[(first + size) % bounds.items] = item
      size++
      bytes += item.bytes
      return dropped
    },
    take,
    get size() {
      return size
    },
    get bytes() {
      return bytes
    },
  }
}
