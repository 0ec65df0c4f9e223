import { PdpError } from "../errors.js"

/** Milliseconds since the epoch, as RFC 3339 text. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString()
}

/** @throws {PdpError} `ERR_INPUT_INVALID` when a binding would have expired already */
export function assertAhead(expiresAt: string | null | undefined, nowMs: number): void {
  if (expiresAt && Date.parse(expiresAt) <= nowMs)
    throw new PdpError("ERR_INPUT_INVALID", `expires_at ${expiresAt} has passed; give a time in the future`)
}
