import { randomBytes } from "node:crypto"
import { PdpError } from "../errors.js"

/** Where a decision stands in the order of changes. Ordered within one epoch only; outside this module an opaque string. */
export interface Revision {
  /** 8 hex digits. Random per process unless a source with an epoch of its own provides it. */
  readonly epoch: string
  /** +1 with every change of bindings, authorization data or policy. */
  readonly sequence: number
}

/** A fresh epoch: 8 random hex digits. */
export function newEpoch(): string {
  return randomBytes(4).toString("hex")
}

/** `<epoch>.<sequence>`, for example `9f3c01ab.42`. */
export function formatRevision(revision: Revision): string {
  return `${revision.epoch}.${revision.sequence}`
}

/**
 * Reads what {@link formatRevision} wrote.
 *
 * @throws {PdpError} `ERR_INPUT_INVALID` when the text is not a revision
 */
export function parseRevision(text: string): Revision {
  const match = /^([0-9a-f]{8})\.(0|[1-9][0-9]{0,15})$/.exec(text)
  if (!match?.[1] || match[2] === undefined)
    throw new PdpError("ERR_INPUT_INVALID", `'${text.slice(0, 64)}' is not a revision; send one that Portcullis gave you, such as '9f3c01ab.42'`)
  return { epoch: match[1], sequence: Number(match[2]) }
}
