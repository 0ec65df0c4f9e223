/** Milliseconds since the epoch, as RFC 3339 text. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString()
}
