let written = 0

/** Says on a terminal how far a long run is, every few seconds. `npm run test:differential` knows whether there is one. */
export function progressLine(profile: string, done: number, all: number): void {
  const now = Date.now()
  if (process.env["DIFFERENTIAL_PROGRESS"] !== "true" || now - written < pauseMs) return
  written = now
  process.stderr.write(`portcullis: ${profile}: ${done} of ${all} cases\n`)
}

const pauseMs = 5_000
