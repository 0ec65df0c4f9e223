/** When deltas are asked for, and when whole bundles. */
export interface DeltaChoice {
  /** A delta from the bundle that decides would do. */
  mayBeDelta(): boolean
  /** The next question is for a whole bundle, whatever decides. */
  mustBeWhole(): boolean
  /** Deltas were taken, which no file keeps: the whole bundle is due a minute after the first one, or once nothing has changed for the length of a question. */
  mayKeepLater(): boolean
  taken(type: "snapshot" | "delta"): void
  /** A delta could not be taken. */
  failed(): void
  /** A question was answered. */
  answered(kind: "bundle" | "unchanged"): void
}

/** @param now milliseconds since the epoch */
export function deltaChoice(isEnabled: boolean, now: () => number): DeltaChoice {
  let isWholeDue = false
  let noneUntil = 0
  let since: number | undefined
  let isQuiet = false
  return {
    mayBeDelta: () => isEnabled && now() >= noneUntil,
    mustBeWhole: () => isWholeDue,
    mayKeepLater: () => since !== undefined && !isQuiet && now() - since < keptWithinMs,
    taken: (type) => {
      since = type === "delta" ? (since ?? now()) : undefined
    },
    failed: () => {
      isWholeDue = true
      noneUntil = now() + pauseMs
    },
    answered: (kind) => {
      isWholeDue = false
      isQuiet = kind === "unchanged"
    },
  }
}

const keptWithinMs = 60_000
const pauseMs = 60_000
