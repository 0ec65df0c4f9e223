/** A moment in RFC 3339, in UTC and with nine digits, as OPA writes it. @param ms since the epoch, with a fraction */
export function timestamp(ms: number): string {
  const whole = Math.floor(ms)
  const nanoseconds = Math.min(999_999, Math.max(0, Math.round((ms - whole) * 1e6)))
  const text = new Date(whole).toISOString()
  return `${text.slice(0, -1)}${String(nanoseconds).padStart(6, "0")}Z`
}
