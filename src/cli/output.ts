import { Option } from "commander"
import { stringify } from "yaml"

/** How results are printed. */
export type OutputFormat = "table" | "json" | "yaml"

/** `--output table|json|yaml`. */
export function outputOption(): Option {
  return new Option("-o, --output <format>", "how results are printed").choices(["table", "json", "yaml"]).default("table")
}

/** The text of a result. @param table what people read instead of JSON or YAML */
export function rendered(format: OutputFormat, value: unknown, table: () => string): string {
  switch (format) {
    case "table":
      return table()
    case "json":
      return `${JSON.stringify(value, null, 2)}\n`
    case "yaml":
      return stringify(value)
  }
}

/** Rows in columns as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("")
}
