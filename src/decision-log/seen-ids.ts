/** Remembers the last so many ids. */
export interface SeenIds {
  has(id: string): boolean
  add(id: string): void
}

/** @param most ids that are remembered; then the oldest are forgotten */
export function seenIds(most: number): SeenIds {
  const ids = new Set<string>()
  return {
    has: (id) => ids.has(id),
    add(id) {
      ids.add(id)
      if (ids.size <= most) return
      const [oldest] = ids
      if (oldest !== undefined) ids.delete(oldest)
    },
  }
}
