import type { Machine } from "./machine.js"
import type { Row } from "./row.js"

/** Everything that one run found out. */
export interface Report {
  readonly date: string
  readonly machine: Machine
  readonly rows: readonly Row[]
}

/** The report as a Markdown table, with the machine above it. */
export function markdown({ date, machine, rows }: Report): string {
  const { cpu, cores, memoryGb, node, platform } = machine
  const head = `${date}, ${cpu}, ${cores} cores, ${memoryGb} GB, Node ${node}, ${platform}. Median of the rounds (quartiles).`
  return `${head}\n\n${tableOf(rows)}\n`
}

const columns = ["Part", "What", "Figure", "Ratio", "Target", "Met"] as const

function tableOf(rows: readonly Row[]): string {
  const cells = [columns, ...rows.map(cellsOf)]
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)))
  const lines = cells.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`)
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`
  return [lines[0], rule, ...lines.slice(1)].join("\n")
}

function cellsOf(row: Row): readonly string[] {
  const { part, what, target, note } = row
  const ratio = row.ratio === undefined ? "" : `${shown(row.ratio)} × ${row.to ?? ""}`.trim()
  return [part, note === undefined ? what : `${what}: ${note}`, figureOf(row), ratio, target ? `${target.name} ${target.text}` : "", metOf(row)]
}

function figureOf({ value, unit, low, high }: Row): string {
  if (value === undefined) return ""
  const spread = low === undefined || high === undefined || low === high ? "" : ` (${shown(low)}–${shown(high)})`
  return `${shown(value)} ${unit ?? ""}${spread}`
}

function metOf({ target }: Row): string {
  if (!target) return ""
  return target.met ? "yes" : "no"
}

/** Three significant digits, thousands separated. */
function shown(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US")
  return String(Number(value.toPrecision(value >= 10 ? 3 : 2 + Number(value >= 1))))
}
