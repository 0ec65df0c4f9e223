/** A watch that has begun. */
export interface EarlyWatch {
  /** Calls back when there is news, and at once when there was some already. @returns stops the watch */
  subscribe(onNews: () => void): () => void
  stop(): void
}

/**
 * Starts a watch before anybody listens, so that no change is missed between the first look and the subscription.
 *
 * @param watch starts it, and returns what stops it
 */
export function earlyWatch(watch: (onNews: () => void) => () => void): EarlyWatch {
  let hasNews = false
  let listener = (): void => {
    hasNews = true
  }
  const stop = watch(() => listener())
  return {
    subscribe: (onNews) => {
      listener = onNews
      if (hasNews) onNews()
      return stop
    },
    stop,
  }
}
