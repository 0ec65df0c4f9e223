import { BuiltinError } from "./opa-builtin.js"

/** A point in time as the clocks of a time zone show it. */
export interface ZonedTime {
  /** Since the epoch. */
  readonly nanos: bigint
  /** A name of the IANA database. */
  readonly zone: string
  readonly year: number
  /** From 1. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  /** Of the second. */
  readonly fraction: number
  /** From Sunday, 0. */
  readonly weekday: number
  /** East of UTC. */
  readonly offsetSeconds: number
}

export const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const

const second = 1_000_000_000n

/** @throws {BuiltinError} for an unknown time zone */
export function zonedTime(nanos: bigint, zone: string): ZonedTime {
  const rest = nanos % second
  const fraction = rest < 0n ? rest + second : rest
  const seconds = Number((nanos - fraction) / second)
  const offsetSeconds = offsetAt(seconds, zone)
  const local = new Date((seconds + offsetSeconds) * 1_000)
  return {
    nanos,
    zone,
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    fraction: Number(fraction),
    weekday: local.getUTCDay(),
    offsetSeconds,
  }
}

/** Fields of a date and a clock; each may be out of its range, and carries over. */
export interface LocalTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly fraction: number
}

/** When the clocks of a zone show that; a time that they skip is one before the change. */
export function nanosOf(local: LocalTime, zone: string): bigint {
  const asUtc = epochMs(local.year, local.month, local.day) / 1_000 + local.hour * 3_600 + local.minute * 60 + local.second
  const guess = offsetAt(asUtc, zone)
  const better = offsetAt(asUtc - guess, zone)
  const offset = better === guess ? guess : offsetAt(asUtc - better, zone)
  return BigInt(asUtc - offset) * second + BigInt(local.fraction)
}

/** Milliseconds since the epoch of a day in UTC, also of the years 0 to 99. */
export function epochMs(year: number, month: number, day: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getTime()
}

/** Names are taken in any case, so that they are endless. */
const mostFormats = 100
const formats = new Map<string, Intl.DateTimeFormat>()

/** Seconds east of UTC. */
function offsetAt(seconds: number, zone: string): number {
  if (zone === "UTC") return 0
  const parts = new Map(
    formatOf(zone)
      .formatToParts(seconds * 1_000)
      .map(({ type, value }) => [type, value]),
  )
  const field = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type))
  const day = epochMs(parts.get("era") === "BC" ? 1 - field("year") : field("year"), field("month"), field("day"))
  return day / 1_000 + field("hour") * 3_600 + field("minute") * 60 + field("second") - seconds
}

/** The short name that the zone has then, such as `CET`; `UTC+2`-like names come as an offset. */
export function zoneName({ nanos, zone, offsetSeconds }: ZonedTime): string {
  if (zone === "UTC") return "UTC"
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone === "Local" ? undefined : zone, timeZoneName: "short" })
  const name = format.formatToParts(Number(nanos / 1_000_000n)).find(({ type }) => type === "timeZoneName")?.value ?? ""
  if (!/^GMT[-+]/.test(name)) return name
  const minutes = Math.floor(Math.abs(offsetSeconds) / 60)
  const rest = minutes % 60
  return `${offsetSeconds < 0 ? "-" : "+"}${String(Math.floor(minutes / 60)).padStart(2, "0")}${rest === 0 ? "" : String(rest).padStart(2, "0")}`
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known) return known
  const format = makeFormat(zone)
  if (formats.size === mostFormats) formats.clear()
  formats.set(zone, format)
  return format
}

function makeFormat(zone: string): Intl.DateTimeFormat {
  const numeric = "numeric"
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone: zone === "Local" ? undefined : zone,
      calendar: "gregory",
      hourCycle: "h23",
      era: "short",
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    })
  } catch (cause) {
    throw new BuiltinError(`unknown time zone ${zone}`, { cause })
  }
}
