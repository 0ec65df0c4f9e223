import { printable } from "../model/printable.js"
import { columns } from "./output.js"

/** A table for people: names of columns, and a line for each row. Nothing in them steers a terminal. */
export function table(head: readonly string[], rows: readonly (readonly (string | null | undefined)[])[]): string {
  return columns([head, ...rows.map((row) => row.map((cell) => printable(cell ?? "")))])
}

/** Names and what they stand for, a line each. */
export function facts(rows: readonly (readonly [name: string, value: string | undefined])[]): string {
  return columns(rows.filter(([, value]) => value !== undefined).map(([name, value = ""]) => [name, printable(value)]))
}
