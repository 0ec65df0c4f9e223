import { z } from "zod"
import { expiryOf, type RoleBinding, type RoleBindingChange } from "../model/role-binding.js"
import type { SourcePosition } from "./source.js"

/** What a snapshot file says about its bindings. */
export interface SnapshotHeader {
  /** The name of the source that they come from. */
  readonly source: string
  readonly revision: string
  /** True when the source gave the revision. */
  readonly numbered: boolean
  readonly position: SourcePosition
  /** When the source answered last, in milliseconds since the epoch. */
  readonly takenAt: number
}

/** How a snapshot file ends. */
export interface SnapshotTrailer {
  /** How many rows there are. */
  readonly count: number
  /** SHA-256 of all bytes before the trailer, in hex. */
  readonly digest: string
  /** When the source said last that nothing has changed since, in milliseconds since the epoch. */
  readonly confirmedAt: number
}

/** The format that is written and read. A change that older versions would misread gets another number. */
export const snapshotVersion = 1

/** The first line. */
export function headerLine({ source, revision, numbered, position, takenAt }: SnapshotHeader): string {
  return `${JSON.stringify({ portcullis_snapshot: snapshotVersion, source, revision, numbered, position, taken_at: timeText(takenAt) })}\n`
}

/** Any version's first line. */
export const AnyHeader = z.looseObject({ portcullis_snapshot: z.number() })

/** What {@link headerLine} wrote, parsed. */
export const HeaderLine = z
  .strictObject({
    portcullis_snapshot: z.literal(snapshotVersion),
    source: z.string(),
    revision: z.string().regex(/^[0-9a-f]{8}\.[0-9]{1,16}$/),
    numbered: z.boolean(),
    position: z.string(),
    taken_at: z.iso.datetime(),
  })
  .transform(({ taken_at, source, revision, numbered, position }): SnapshotHeader => ({
    source,
    revision,
    numbered,
    position,
    takenAt: Date.parse(taken_at),
  }))

/** The row of a binding; `0` for its expiry says that it is not there, though an earlier row says so. */
export function rowLine(binding: RoleBinding, op: RoleBindingChange["op"] = "add"): string {
  const { principal, workspace, role } = binding
  const expiry = op === "add" ? expiryOf(binding) : 0
  return `${JSON.stringify(expiry === Number.POSITIVE_INFINITY ? [principal, workspace, role] : [principal, workspace, role, expiry])}\n`
}

/** The last line. It ends with {@link confirmation}. */
export function trailerLine({ count, digest, confirmedAt }: SnapshotTrailer): string {
  return `{"count":${count},"sha256":"${digest}","confirmed_at":"${confirmation(confirmedAt)}`
}

/** What {@link trailerLine} wrote, at the end of a text. */
export const trailerAtEnd: RegExp = /\{"count":([0-9]{1,15}),"sha256":"([0-9a-f]{64})","confirmed_at":"([^"\n]{24})"\}\n$/

/** The last bytes of a file: always as many, so that they can be written over. */
export function confirmation(confirmedAt: number): string {
  return `${timeText(confirmedAt)}"}\n`
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}
