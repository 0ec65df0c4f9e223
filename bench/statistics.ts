/** The middle of some numbers, and how far they spread. */
export interface Summary {
  readonly median: number
  /** First and third quartile. */
  readonly low: number
  readonly high: number
}

/** Sums up numbers of one kind, one a round. */
export function summaryOf(values: readonly number[]): Summary {
  const sorted = values.toSorted((left, right) => left - right)
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) }
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  return summaryOf(values).median
}

/** The median of the ratios, round by round: what slows a whole round down cancels out. */
export function ratioOf(values: readonly number[], to: readonly number[]): number {
  return median(values.map((value, round) => value / (to[round] ?? Number.NaN)))
}

/** The value below which that share of some numbers lies. */
export function percentile(values: readonly number[], share: number): number {
  return quantile(
    values.toSorted((left, right) => left - right),
    share,
  )
}

/** The value below which that share of sorted numbers lies, interpolated. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = (sorted.length - 1) * share
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}
