/** One of several ways to do the same work. */
export interface Contender {
  readonly name: string
  /** Does the work once. @param at counts up, to choose a question by. @returns something that depends on the work */
  run(at: number): unknown
  /** Units of work in one run. Default 1. */
  readonly units?: number
}

/** How long to measure. */
export interface RoundOptions {
  /** Default 9. */
  readonly rounds?: number
  /** What one contender gets per round. Default 60. */
  readonly roundMs?: number
}

/**
 * Measures contenders in turns: each round runs all of them, beginning with another one each time, so that whatever else the machine does hits
 * all alike. Warms up before.
 *
 * @returns microseconds per unit of work, one number a round, by contender
 */
export function interleaved(
  contenders: readonly Contender[],
  { rounds = 9, roundMs = 60 }: RoundOptions = {},
): ReadonlyMap<string, readonly number[]> {
  const runs = contenders.map((contender): Run => ({ contender, count: calibrated(contender, roundMs), next: 0, times: [] }))
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < runs.length; turn++) {
      const run = runs[(round + turn) % runs.length]
      if (!run) continue
      const ms = timed(run.contender, run.next, run.count)
      run.next += run.count
      run.times.push((ms * 1_000) / run.count / (run.contender.units ?? 1))
    }
  return new Map(runs.map(({ contender, times }) => [contender.name, times]))
}

interface Run {
  readonly contender: Contender
  readonly count: number
  next: number
  readonly times: number[]
}

const warmUpMs = 400

/** Runs that fill a round; finds out while warming up. */
function calibrated(contender: Contender, roundMs: number): number {
  const warmUntil = performance.now() + warmUpMs
  let count = 1
  let ms = timed(contender, 0, count)
  while (performance.now() < warmUntil || ms < roundMs / 4) {
    if (ms < roundMs / 4) count *= 2
    ms = timed(contender, 0, count)
  }
  return Math.max(1, Math.round((count * roundMs) / ms))
}

function timed(contender: Contender, first: number, count: number): number {
  const start = performance.now()
  for (let at = first; at < first + count; at++) sink.last = contender.run(at)
  return performance.now() - start
}

/** Keeps the compiler from leaving work out that nobody looks at. */
const sink: { last?: unknown } = {}
