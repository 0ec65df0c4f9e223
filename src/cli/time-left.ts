/** A span for people: `2 d 4 h`, `1 h 5 m`, `4 m 10 s`, `9 s`. */
export function shownSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60]
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} m`
  return minutes > 0 ? `${minutes} m ${seconds % 60} s` : `${seconds} s`
}

/** When something ends: `2030-01-31T12:00:00.000Z (1 h 5 m left)`, or `EXPIRED`. */
export function shownEnd(expiresAt: number, now: number): string {
  const at = shownTime(expiresAt)
  return expiresAt <= now ? `EXPIRED (${at})` : `${at} (${shownSpan(expiresAt - now)} left)`
}

/** A time as ISO 8601; what no calendar reaches as the last that one does. */
export function shownTime(ms: number): string {
  return new Date(Math.max(-latestMs, Math.min(ms, latestMs))).toISOString()
}

/** ECMAScript's time values end there. */
const latestMs = 8_640_000_000_000_000
