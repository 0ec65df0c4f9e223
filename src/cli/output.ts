import { Option } from "commander"
import { Document, visit } from "yaml"
import { escapedJson, escapedYaml, isPrintable } from "../model/printable.js"

/** How results are printed. */
export type OutputFormat = "table" | "json" | "yaml"

/** `--output table|json|yaml`. */
export function outputOption(): Option {
  return new Option("-o, --output <format>", "how results are printed").choices(["table", "json", "yaml"]).default("table")
}

/** The text of a result, which steers no terminal: strings are escaped. @param table what people read instead of JSON or YAML; it sees to that itself */
export function rendered(format: OutputFormat, value: unknown, table: () => string): string {
  switch (format) {
    case "table":
      return table()
    case "json":
      return jsonText(value)
    case "yaml":
      return yamlText(value)
  }
}

/** JSON with a line for each member. What would steer a terminal is written as `\uXXXX`. */
export function jsonText(value: unknown): string {
  return `${escapedJson(JSON.stringify(value, null, 2))}\n`
}

function yamlText(value: unknown): string {
  const document = new Document(value)
  visit(document, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === "string" && !isPrintable(scalar.value)) scalar.type = "QUOTE_DOUBLE"
    },
  })
  return escapedYaml(document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Infinity }))
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
