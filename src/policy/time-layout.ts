import { BuiltinError } from "./opa-builtin.js"
import { epochMs, nanosOf, weekdays, zoneName, type ZonedTime } from "./zoned-time.js"

const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"] as const
const element =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|__2|002|_2006|_2|01|02|03|04|05|06|15|PM|pm|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g

/**
 * Writes a time by a layout of Go's.
 *
 * @see https://pkg.go.dev/time#pkg-constants
 */
export function formatTime(layout: string, time: ZonedTime): string {
  return layout.replace(element, (name) => (name === "_2006" ? `_${written("2006", time)}` : written(name, time)))
}

function written(name: string, time: ZonedTime): string {
  const two = (value: number): string => String(value).padStart(2, "0")
  const month = months[time.month - 1] ?? ""
  const hour = time.hour % 12 || 12
  switch (name) {
    case "January":
      return month
    case "Jan":
      return month.slice(0, 3)
    case "Monday":
      return weekdays[time.weekday] ?? ""
    case "Mon":
      return (weekdays[time.weekday] ?? "").slice(0, 3)
    case "MST":
      return zoneName(time)
    case "2006":
      return (time.year < 0 ? "-" : "") + String(Math.abs(time.year)).padStart(4, "0")
    case "06":
      return two(((time.year % 100) + 100) % 100)
    case "01":
      return two(time.month)
    case "1":
      return String(time.month)
    case "02":
      return two(time.day)
    case "_2":
      return String(time.day).padStart(2)
    case "2":
      return String(time.day)
    case "002":
      return String(dayOfYear(time)).padStart(3, "0")
    case "__2":
      return String(dayOfYear(time)).padStart(3)
    case "15":
      return two(time.hour)
    case "03":
      return two(hour)
    case "3":
      return String(hour)
    case "04":
      return two(time.minute)
    case "4":
      return String(time.minute)
    case "05":
      return two(time.second)
    case "5":
      return String(time.second)
    case "PM":
      return time.hour < 12 ? "AM" : "PM"
    case "pm":
      return time.hour < 12 ? "am" : "pm"
    default:
      return name.includes("7") ? writtenOffset(name, time.offsetSeconds) : writtenFraction(name, time.fraction)
  }
}

function dayOfYear({ year, month, day }: ZonedTime): number {
  return (epochMs(year, month, day) - epochMs(year, 1, 0)) / 86_400_000
}

function writtenOffset(name: string, offsetSeconds: number): string {
  if (name.startsWith("Z") && offsetSeconds === 0) return "Z"
  const seconds = Math.abs(offsetSeconds)
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"))
  const count = name.replace(/\D/g, "").length / 2
  return (offsetSeconds < 0 ? "-" : "+") + parts.slice(0, count).join(name.includes(":") ? ":" : "")
}

function writtenFraction(name: string, fraction: number): string {
  const digits = String(fraction)
    .padStart(9, "0")
    .padEnd(name.length - 1, "0")
    .slice(0, name.length - 1)
  if (name.includes("0")) return name.slice(0, 1) + digits
  const shortest = digits.replace(/0+$/, "")
  return shortest === "" ? "" : name.slice(0, 1) + shortest
}

interface Fields {
  year?: number
  month?: number
  day?: number
  yearDay?: number
  hour?: number
  minute?: number
  second?: number
  fraction?: number
  isAfternoon?: boolean
  offsetSeconds?: number
}

const offset = {
  "Z07:00": /Z|[-+]\d\d:\d\d/y,
  Z0700: /Z|[-+]\d{4}/y,
  Z07: /Z|[-+]\d\d/y,
  "-07:00": /[-+]\d\d:\d\d/y,
  "-0700": /[-+]\d{4}/y,
  "-07": /[-+]\d\d/y,
}
const patterns: ReadonlyMap<string, RegExp> = new Map([
  ["January", new RegExp(months.join("|"), "iy")],
  ["Jan", new RegExp(months.map((month) => month.slice(0, 3)).join("|"), "iy")],
  ["Monday", new RegExp(weekdays.join("|"), "iy")],
  ["Mon", new RegExp(weekdays.map((day) => day.slice(0, 3)).join("|"), "iy")],
  ["MST", /UTC|GMT(?:[-+]\d{1,2})?|[A-Z]{3,5}|[-+]\d{2}/y],
  ["2006", /\d{4}/y],
  ["06", /\d\d/y],
  ["01", /\d\d/y],
  ["1", /\d\d?/y],
  ["02", /\d\d/y],
  ["_2", / ?\d\d?/y],
  ["2", /\d\d?/y],
  ["002", /\d{3}/y],
  ["__2", / {0,2}\d{1,3}/y],
  ["15", /\d\d?/y],
  ["03", /\d\d/y],
  ["3", /\d\d?/y],
  ["04", /\d\d/y],
  ["4", /\d\d?/y],
  ["05", /\d\d(?:[.,]\d+)?/y],
  ["5", /\d\d?(?:[.,]\d+)?/y],
  ["PM", /AM|PM/y],
  ["pm", /am|pm/y],
  ["Z07:00:00", /Z|[-+]\d\d:\d\d:\d\d/y],
  ["Z070000", /Z|[-+]\d{6}/y],
  ["-07:00:00", /[-+]\d\d:\d\d:\d\d/y],
  ["-070000", /[-+]\d{6}/y],
  ...Object.entries(offset),
])

/**
 * Reads a time by a layout of Go's, as `time.Parse` does: in UTC where nothing else is said. Names of zones but UTC count as UTC, as they do there.
 *
 * @returns nanoseconds since the epoch, of any size
 * @throws {BuiltinError} for a text that does not fit
 */
export function parseTime(layout: string, text: string): bigint {
  const fields: Fields = {}
  let at = 0
  let end = 0
  const literal = (expected: string): void => {
    if (!text.startsWith(expected, at)) throw misfit(text)
    at += expected.length
  }
  for (const { 0: name, index } of layout.matchAll(element)) {
    literal(layout.slice(end, index))
    end = index + name.length
    const isFraction = /^[.,]/.test(name)
    if (isFraction && at > 0 && fields.fraction !== undefined) continue
    const pattern = isFraction
      ? name.includes("0")
        ? new RegExp(`[.,]\\d{${name.length - 1}}`, "y")
        : /(?:[.,]\d+)?/y
      : withoutFraction(name, layout.slice(end))
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found === undefined) throw misfit(text)
    at += found.length
    read(fields, isFraction ? "." : name, found)
  }
  literal(layout.slice(end))
  if (at < text.length) throw misfit(text)
  return instantOf(fields, text)
}

/** Seconds may be followed by a fraction that the layout does not mention. */
function withoutFraction(name: string, rest: string): RegExp {
  if (name === "05" && /^[.,][09]/.test(rest)) return /\d\d/y
  if (name === "5" && /^[.,][09]/.test(rest)) return /\d\d?/y
  return patterns.get(name) ?? /(?!)/y
}

function read(fields: Fields, name: string, found: string): void {
  const number = Number(found)
  if (name === "January" || name === "Jan") fields.month = months.findIndex((month) => month.toLowerCase().startsWith(found.toLowerCase())) + 1
  else if (name === "2006") fields.year = number
  else if (name === "06") fields.year = number + (number >= 69 ? 1_900 : 2_000)
  else if (name === "01" || name === "1") fields.month = number
  else if (name === "02" || name === "2" || name === "_2") fields.day = number
  else if (name === "002" || name === "__2") fields.yearDay = number
  else if (name === "15") fields.hour = number
  else if (name === "03" || name === "3") fields.hour = number <= 12 ? number : Number.NaN
  else if (name === "04" || name === "4") fields.minute = number
  else if (name === "05" || name === "5") readSeconds(fields, found)
  else if (name === "PM" || name === "pm") fields.isAfternoon = found.toLowerCase() === "pm"
  else if (name === ".") fields.fraction = fractionOf(found)
  else if (name.includes("7") && found !== "Z") fields.offsetSeconds = offsetOf(found)
}

function readSeconds(fields: Fields, found: string): void {
  const [seconds, fraction] = found.split(/[.,]/)
  fields.second = Number(seconds)
  if (fraction !== undefined) fields.fraction = fractionOf(`.${fraction}`)
}

function fractionOf(text: string): number {
  return Number(text.slice(1, 10).padEnd(9, "0"))
}

function offsetOf(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = (text.slice(1).match(/\d\d/g) ?? []).map(Number)
  return (text.startsWith("-") ? -1 : 1) * (hours * 3_600 + minutes * 60 + seconds)
}

function instantOf(fields: Fields, text: string): bigint {
  const { year = 0, month = 1, day = 1, yearDay, minute = 0, second = 0, fraction = 0, offsetSeconds = 0 } = fields
  const given = fields.hour ?? 0
  const hour = fields.isAfternoon === undefined ? given : (given % 12) + (fields.isAfternoon ? 12 : 0)
  const days = new Date(epochMs(year, month + 1, 0)).getUTCDate()
  const isRight = month >= 1 && month <= 12 && day >= 1 && day <= days && hour < 24 && minute < 60 && second < 60
  if (!isRight) throw misfit(text)
  const date = yearDay === undefined ? { month, day } : { month: 1, day: yearDay }
  return nanosOf({ year, ...date, hour, minute, second: second - offsetSeconds, fraction }, "UTC")
}

function misfit(text: string): BuiltinError {
  return new BuiltinError(`cannot parse ${text} by the layout`)
}
