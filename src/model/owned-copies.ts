/** Copies of the objects and lists of a document that is being changed, each made once, so that many changes cost as much as they are, and not the document each. */
export interface OwnedCopies {
  /** The copy of an object; the object itself when it is such a copy. */
  readonly object: (value: object) => object
  /** The same of a list. */
  readonly list: (value: readonly unknown[]) => unknown[]
}

/** For one set of changes to one document, which stays as it is. */
export function ownedCopies(): OwnedCopies {
  const objects = new WeakSet()
  const lists = new WeakMap<readonly unknown[], unknown[]>()
  return {
    object: (value) => {
      if (objects.has(value)) return value
      const copy = { ...value }
      objects.add(copy)
      return copy
    },
    list: (value) => {
      const known = lists.get(value)
      if (known) return known
      const copy = value.slice()
      lists.set(copy, copy)
      return copy
    },
  }
}

/** Gives an object of one's own a member, whatever its name. */
export function setMember(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
}
