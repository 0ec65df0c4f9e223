/** What is begun one after the other, so that either all of it runs or nothing is left of it. */
export interface Beginnings {
  /**
   * Waits for something to begin. When it cannot, everything from before is ended, the last first, and what was thrown is thrown.
   *
   * @param end ends it when something after it cannot begin
   */
  begin<Value>(beginning: Promise<Value>, end: (value: Value) => Promise<void>): Promise<Value>
}

/** @param first ends what is there already */
export function beginnings(first: () => Promise<void>): Beginnings {
  const endings = [first]
  return {
    async begin(beginning, end) {
      try {
        const value = await beginning
        endings.push(() => end(value))
        return value
      } catch (thrown) {
        for (const undo of endings.toReversed()) await undo()
        throw thrown
      }
    },
  }
}
