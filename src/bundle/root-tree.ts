/** Where the roots of a manifest lie, for many questions. */
export interface RootTree {
  /** A path, by its segments, is at or below one of the roots. */
  covers(path: readonly string[]): boolean
  /** One of the roots is below a path, or at it. */
  leadsOn(path: readonly string[]): boolean
  /** The first roots, for messages. */
  readonly shown: string
}

/** @param roots of a manifest */
export function rootTree(roots: readonly string[]): RootTree {
  const top = node()
  for (const root of roots) {
    let at = top
    for (const segment of segmentsOf(root)) {
      const next = at.below?.get(segment) ?? node()
      at.below ??= new Map()
      at.below.set(segment, next)
      at = next
    }
    at.isRoot = true
  }
  return {
    covers: (path) => {
      let at: Node | undefined = top
      for (const segment of path) {
        if (!at || at.isRoot) return at !== undefined
        at = at.below?.get(segment)
      }
      return at?.isRoot === true
    },
    leadsOn: (path) => {
      let at: Node | undefined = top
      for (const segment of path) at = at?.below?.get(segment)
      return at !== undefined
    },
    shown: roots
      .slice(0, 20)
      .map((root) => root.slice(0, 100))
      .join(" "),
  }
}

/** The segments of a path with slashes; none of `""`. */
export function segmentsOf(path: string): readonly string[] {
  return path === "" ? [] : path.split("/")
}

interface Node {
  isRoot: boolean
  below?: Map<string, Node>
}

function node(): Node {
  return { isRoot: false }
}
