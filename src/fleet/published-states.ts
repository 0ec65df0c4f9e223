import { parseRevision, type Revision } from "../model/revision.js"

/** Which states the bundles that were given out hold. */
export interface PublishedStates {
  /** This state decides here from now on. */
  activated(revision: string): void
  /** A bundle of that name, which was up to date at a state. */
  note(name: string, bundle: { readonly revision: string; readonly etag: string }, state: string): void
  /** The newest state of which whoever runs this has everything that the bundle is for; undefined: not known, or said to be of a state that there is not yet. */
  stateOf(name: string, running: { readonly etag: string } | { readonly revision: string }): Revision | undefined
  /** A revision of a state that there is not yet. */
  isAhead(revision: string): boolean
  /** The manifest's revision of a bundle. */
  revisionOf(name: string, etag: string): string | undefined
  /** How far behind this state is. */
  behind(state: Revision): Behind
}

/** A distance from the state of now. */
export interface Behind {
  /** Undefined: the state is of another epoch, so that nobody can count. */
  readonly revisions: number | undefined
  /** Since there is something newer; undefined when that is not known any more. */
  readonly sinceMs: number | undefined
}

const mostTags = 2_048
const mostActivations = 10_000

/** Knows nothing yet. @param now milliseconds of a clock that only goes forward */
export function publishedStates(now: () => number): PublishedStates {
  const bundles = new Map<string, Map<string, Noted>>()
  let epoch: string | undefined
  let activations: Activation[] = []
  const enter = (revision: Revision): void => {
    if (revision.epoch === epoch) return
    epoch = revision.epoch
    bundles.clear()
    activations = []
  }
  const isAhead = (revision: Revision): boolean => revision.epoch === epoch && revision.sequence > (activations.at(-1)?.sequence ?? -1)
  const find = (name: string, key: string): number | undefined => bundles.get(name)?.get(key)?.sequence

  return {
    activated(text) {
      const revision = parseRevision(text)
      enter(revision)
      if ((activations.at(-1)?.sequence ?? -1) >= revision.sequence) return
      activations.push({ sequence: revision.sequence, at: now() })
      if (activations.length > mostActivations * 2) activations = activations.slice(-mostActivations)
    },
    note(name, { revision, etag }, stateText) {
      const state = parseRevision(stateText)
      enter(state)
      const own = parseRevision(revision)
      const reached = own.epoch === state.epoch ? Math.max(state.sequence, own.sequence) : state.sequence
      const known = bundles.get(name) ?? new Map<string, Noted>()
      bundles.set(name, known)
      for (const key of [etag, revision]) {
        const sequence = Math.max(known.get(key)?.sequence ?? 0, reached)
        known.delete(key)
        known.set(key, { sequence, revision })
      }
      for (const [key] of known) {
        if (known.size <= mostTags) break
        known.delete(key)
      }
    },
    stateOf(name, running) {
      if (epoch === undefined) return undefined
      if ("etag" in running) return stateAt(epoch, find(name, running.etag))
      const sequence = find(name, running.revision)
      if (sequence !== undefined) return { epoch, sequence }
      const own = revisionOrNothing(running.revision)
      return own?.epoch === epoch && !isAhead(own) ? own : undefined
    },
    isAhead: (text) => {
      const own = revisionOrNothing(text)
      return own !== undefined && isAhead(own)
    },
    revisionOf: (name, etag) => bundles.get(name)?.get(etag)?.revision,
    behind({ epoch: of, sequence }) {
      const newest = activations.at(-1)
      if (of !== epoch || !newest) return { revisions: undefined, sinceMs: undefined }
      if (sequence >= newest.sequence) return { revisions: 0, sinceMs: 0 }
      const next = activations.find((one) => one.sequence > sequence)
      return { revisions: newest.sequence - sequence, sinceMs: next && now() - next.at }
    },
  }
}

interface Noted {
  readonly sequence: number
  readonly revision: string
}

interface Activation {
  readonly sequence: number
  readonly at: number
}

function stateAt(epoch: string, sequence: number | undefined): Revision | undefined {
  return sequence === undefined ? undefined : { epoch, sequence }
}

function revisionOrNothing(text: string): Revision | undefined {
  return /^[0-9a-f]{8}\.(?:0|[1-9][0-9]{0,15})$/.test(text) ? parseRevision(text) : undefined
}
