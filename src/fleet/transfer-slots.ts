/** Lets each client take a bounded number of bundles at a time. */
export interface TransferSlots {
  /** Resolves when there is a place. @returns gives it back; once more does nothing */
  take(key: string): Promise<() => void>
}

/** @param most at a time and client; further ones wait their turn */
export function transferSlots(most: number): TransferSlots {
  const clients = new Map<string, Slots>()
  return {
    take(key) {
      const slots = clients.get(key) ?? { taken: 0, waiting: [] }
      clients.set(key, slots)
      const release = (): void => {
        const [next] = slots.waiting.splice(0, 1)
        if (next) return next()
        slots.taken--
        if (slots.taken === 0) clients.delete(key)
      }
      if (slots.taken >= most) return new Promise((resolve) => slots.waiting.push(() => resolve(once(release))))
      slots.taken++
      return Promise.resolve(once(release))
    },
  }
}

interface Slots {
  taken: number
  readonly waiting: (() => void)[]
}

function once(run: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    run()
  }
}
