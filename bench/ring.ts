/**
 * Picks items in turn, over and over.
 *
 * @param items at least one
 */
export function ring<Item>(items: readonly Item[]): (at: number) => Item {
  const { length } = items
  return (at) => {
    const item = items[at % length]
    if (item === undefined) throw new RangeError("there is nothing to pick from")
    return item
  }
}
