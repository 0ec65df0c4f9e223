/** Runs `start` once, whoever asks and however many; a failure is forgotten, so that the next caller tries again. */
export function once(start: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () =>
    (running ??= start().catch((thrown: unknown) => {
      running = undefined
      throw thrown
    }))
}
