import { columns } from "./output.js"

/** A table for people: names of columns, and a line for each row. Control characters are shown as spaces. */
export function table(head: readonly string[], rows: readonly (readonly (string | null | undefined)[])[]): string {
  return columns([head, ...rows.map((row) => row.map((cell) => (cell ?? "").replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ")))])
}
