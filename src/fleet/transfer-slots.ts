/** Lets each client take a bounded number of bundles at a time, and all of them together. */
export interface TransferSlots {
  /** Resolves when there is a place, or the client is gone. @returns gives it back; once more does nothing */
  take(key: string, gone: AbortSignal): Promise<() => void>
}

/** @param most at a time and client @param mostInAll at a time; further ones wait their turn */
export function transferSlots(most: number, mostInAll: number): TransferSlots {
  const taken = new Map<string, number>()
  const waiting = new Set<Waiting>()
  let inAll = 0
  const isFree = (key: string): boolean => inAll < mostInAll && (taken.get(key) ?? 0) < most
  const begin = (key: string): (() => void) => {
    inAll++
    taken.set(key, (taken.get(key) ?? 0) + 1)
    return once(() => {
      inAll--
      const left = (taken.get(key) ?? 0) - 1
      if (left > 0) taken.set(key, left)
      else taken.delete(key)
      next()
    })
  }
  const next = (): void => {
    for (const one of waiting) {
      if (inAll >= mostInAll) return
      if (!isFree(one.key)) continue
      waiting.delete(one)
      one.go(begin(one.key))
    }
  }
  return {
    take(key, gone) {
      if (gone.aborted) return Promise.resolve(() => undefined)
      if (isFree(key)) return Promise.resolve(begin(key))
      return new Promise((resolve) => {
        const leave = (): void => {
          waiting.delete(one)
          resolve(() => undefined)
        }
        const one: Waiting = {
          key,
          go: (giveBack) => {
            gone.removeEventListener("abort", leave)
            resolve(giveBack)
          },
        }
        waiting.add(one)
        gone.addEventListener("abort", leave, { once: true })
      })
    },
  }
}

interface Waiting {
  readonly key: string
  readonly go: (giveBack: () => void) => void
}

function once(run: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    run()
  }
}
