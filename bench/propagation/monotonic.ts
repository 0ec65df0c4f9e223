/** Milliseconds of the machine's monotonic clock, which all its processes share (`CLOCK_MONOTONIC`): `performance.now()` counts from each one's start. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
