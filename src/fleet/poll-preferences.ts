/** What a client of bundles prefers (`Prefer`, RFC 7240, with OPA's own `modes`). */
export interface PollPreferences {
  /** How long it is willing to wait for news. Absent: not at all. */
  readonly waitSeconds?: number
  /** It takes delta bundles. */
  readonly takesDelta: boolean
}

/** Reads `Prefer`: `modes=snapshot,delta;wait=30`, as OPA writes it, or with the preferences separated by commas. What makes no sense is not there. */
export function readPreferences(prefer: string | undefined): PollPreferences {
  if (prefer === undefined) return none
  const [, seconds] = /(?:^|[;,\s])wait\s*=\s*"?([0-9]{1,9})"?\s*(?:[;,]|$)/i.exec(prefer) ?? []
  const [, modes = ""] = /(?:^|[;,\s])modes\s*=\s*"?([^;"]*)/i.exec(prefer) ?? []
  const takesDelta = modes.split(",").some((mode) => mode.trim().toLowerCase() === "delta")
  return { takesDelta, ...(seconds !== undefined && { waitSeconds: Number(seconds) }) }
}

const none: PollPreferences = { takesDelta: false }
