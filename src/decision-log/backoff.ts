/** The pause before another attempt: 100 ms, and 1.6 times as long after each further failure, ±10 %. @param failures in a row, from 1 */
export function backoffMs(failures: number, mostMs: number, random: () => number): number {
  return Math.min(mostMs, 100 * 1.6 ** (failures - 1)) * (0.9 + 0.2 * random())
}
