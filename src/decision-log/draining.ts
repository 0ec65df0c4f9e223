import type { Timers } from "../model/timers.js"
import type { DecisionEntry } from "./entry.js"
import type { LogEvent } from "./event.js"
import { isToBeExplained } from "./explanations.js"
import { lineOf, receivedLine, type Line, type LineOptions } from "./line.js"
import type { LoggedPolicy } from "./recorder.js"
import type { Ring } from "./ring.js"
import type { DropCause } from "./tally.js"

/** What waits to become a line: a decision of ours, or somebody else's event. */
export type Waiting = DecisionEntry | { readonly received: LogEvent; readonly bytes: number }

/** What {@link draining} works with. */
export interface DrainingEffects {
  readonly line: LineOptions
  readonly timers: Timers
  readonly clock: () => number
  /** Too much waits: nothing is explained then. */
  readonly isBusy: () => boolean
  /** The policy that is asked about events of others. */
  readonly policy: () => LoggedPolicy | undefined
  write(text: string): void
  dropped(cause: DropCause): void
  unexplained(): void
}

/** Makes lines of what waits, a millisecond at a time, and lets everything else of the process have its turn in between. */
export interface Draining {
  /** Something waits now. Cheap when it is known already. */
  soon(): void
  /** Works for a millisecond, now. */
  slice(): void
  stop(): void
}

/** @param waiting what to empty */
export function draining(waiting: Ring<Waiting>, effects: DrainingEffects): Draining {
  const { line, timers, clock } = effects
  let isAwake = false
  let cancel = (): void => undefined

  const makeOne = (item: Waiting): Line => {
    if ("received" in item) return receivedLine(item.received, line, effects.policy())
    const mayExplain = !effects.isBusy()
    if (!mayExplain && isToBeExplained(line.explain, item)) effects.unexplained()
    return lineOf(item, line, mayExplain)
  }
  const slice = (): void => {
    const endsAt = clock() + sliceMs
    let characters = 0
    for (let count = 1; ; count++) {
      const item = waiting.take()
      if (!item) return
      const made = makeOne(item)
      if ("text" in made) {
        effects.write(made.text)
        characters += made.text.length
      } else effects.dropped(made.cause)
      if (count >= sliceEvents || characters >= sliceCharacters || clock() >= endsAt) return
    }
  }
  const wakeIn = (ms: number): void => {
    cancel = timers.after(ms, () => {
      slice()
      isAwake = waiting.size > 0
      if (isAwake) wakeIn(0)
    })
  }

  return {
    soon() {
      if (isAwake) return
      isAwake = true
      wakeIn(lingerMs)
    },
    slice,
    stop: () => cancel(),
  }
}

const lingerMs = 25
const sliceMs = 1
const sliceEvents = 1_000
/** What one slice makes must fit into the queues before the sinks. */
const sliceCharacters = 131_072
