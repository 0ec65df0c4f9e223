import { BuiltinError, integerIn, textIn, type OpaBuiltins } from "./opa-builtin.js"
import { durationNanos } from "./duration.js"
import { formatTime, parseTime } from "./time-layout.js"
import { isArray, type Term } from "./term.js"
import { epochMs, nanosOf, weekdays, zonedTime, type ZonedTime } from "./zoned-time.js"

/** Builtins on time. `time.now_ns` is the same throughout an evaluation. */
export const timeBuiltins: OpaBuiltins = {
  "time.now_ns": function () {
    return this.nowNanos()
  },
  "time.parse_ns": (layout, text) => inRange(parseTime(named(textIn(layout)), textIn(text))),
  "time.parse_rfc3339_ns": (text) => inRange(parseTime("2006-01-02T15:04:05Z07:00", textIn(text))),
  "time.parse_duration_ns": (text) => durationNanos(textIn(text)),
  "time.format": (value) => {
    const layout = isArray(value) && value.length > 2 ? textIn(value[2]) : ""
    return formatTime(layout === "" ? named("RFC3339Nano") : named(layout), timeIn(value))
  },
  "time.date": (value) => {
    const { year, month, day } = timeIn(value)
    return [year, month, day]
  },
  "time.clock": (value) => {
    const { hour, minute, second } = timeIn(value)
    return [hour, minute, second]
  },
  "time.weekday": (value) => weekdays[timeIn(value).weekday] ?? "",
  "time.add_date": (value, years, months, days) => {
    const time = timeIn(value)
    const moved = { ...time, year: time.year + integerIn(years), month: time.month + integerIn(months), day: time.day + integerIn(days) }
    return inRange(nanosOf(moved, time.zone))
  },
  "time.diff": (a, b) => difference(timeIn(a), timeIn(b)),
}

const layouts: ReadonlyMap<string, string> = new Map([
  ["ANSIC", "Mon Jan _2 15:04:05 2006"],
  ["UnixDate", "Mon Jan _2 15:04:05 MST 2006"],
  ["RubyDate", "Mon Jan 02 15:04:05 -0700 2006"],
  ["RFC822", "02 Jan 06 15:04 MST"],
  ["RFC822Z", "02 Jan 06 15:04 -0700"],
  ["RFC850", "Monday, 02-Jan-06 15:04:05 MST"],
  ["RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"],
  ["RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"],
  ["RFC3339", "2006-01-02T15:04:05Z07:00"],
  ["RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"],
])

function named(layout: string): string {
  return layouts.get(layout) ?? layout
}

/** Nanoseconds that fit into 64 bits. */
function inRange(nanos: bigint): Term {
  if (BigInt.asIntN(64, nanos) !== nanos) throw new BuiltinError("time outside of valid range")
  return nanos
}

/** Of nanoseconds, or of `[nanoseconds, time zone, …]`. */
function timeIn(value: Term | undefined): ZonedTime {
  const [nanos, zone] = isArray(value) ? value : [value]
  if (typeof nanos !== "number" && typeof nanos !== "bigint") throw new BuiltinError("an operand must be nanoseconds")
  const whole = typeof nanos === "bigint" ? nanos : BigInt(Math.trunc(nanos))
  if (BigInt.asIntN(64, whole) !== whole) throw new BuiltinError("timestamp too big")
  return zonedTime(whole, zone === undefined || zone === "" ? "UTC" : textIn(zone))
}

function difference(a: ZonedTime, b: ZonedTime): Term {
  const inOneZone = b.zone === a.zone ? b : zonedTime(b.nanos, a.zone)
  const [from, to] = a.nanos > inOneZone.nanos ? [inOneZone, a] : [a, inOneZone]
  const daysOfMonth = new Date(epochMs(from.year, from.month + 1, 0)).getUTCDate()
  const [second, fewerMinutes] = borrowed(to.second - from.second, 60)
  const [minute, fewerHours] = borrowed(to.minute - from.minute - fewerMinutes, 60)
  const [hour, fewerDays] = borrowed(to.hour - from.hour - fewerHours, 24)
  const [day, fewerMonths] = borrowed(to.day - from.day - fewerDays, daysOfMonth)
  const [month, fewerYears] = borrowed(to.month - from.month - fewerMonths, 12)
  return [to.year - from.year - fewerYears, month, day, hour, minute, second]
}

function borrowed(value: number, whole: number): readonly [rest: number, borrowed: 0 | 1] {
  return value < 0 ? [value + whole, 1] : [value, 0]
}
