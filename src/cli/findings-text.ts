import { printableLines } from "../model/printable.js"
import { painted, type Terminal } from "./terminal.js"

/** What a doctor found, as people read it. */
interface ShownFinding {
  readonly check: string
  readonly ok: boolean | null
  readonly warning?: string
  readonly detail: string
  readonly remedy?: string
}

/**
 * A line for each finding with `✓`, `✗`, `!` or `–`, and what to do about it, once for findings in a row that have it in common. What could not be checked,
 * and can be by no remedy of its own, comes last: a line for each reason.
 */
export function findingsText(findings: readonly ShownFinding[], terminal: Terminal): string {
  const checksByReason = new Map<string, readonly string[]>()
  const shown = findings.filter(({ check, ok, detail, remedy }) => {
    if (ok !== null || remedy !== undefined) return true
    checksByReason.set(detail, [...(checksByReason.get(detail) ?? []), check])
    return false
  })
  const open = [...checksByReason].map(([reason, names]) => line(terminal, "open", "not checked", `${[...new Set(names)].join(", ")}: ${reason}`))
  return [...shown.map((finding, at) => findingText(finding, shown[at + 1], terminal)), ...open].join("")
}

const marks = { right: ["✓", "green"], wrong: ["✗", "red"], warning: ["!", "bold"], open: ["–", "dim"] } as const
const indent = 16

function findingText({ check, ok, warning, detail, remedy }: ShownFinding, next: ShownFinding | undefined, terminal: Terminal): string {
  const mark = warning !== undefined ? "warning" : ok === null ? "open" : ok ? "right" : "wrong"
  const isSaidNext = next?.check === check && next.ok === ok && next.remedy === remedy
  const toDo = remedy === undefined || isSaidNext ? "" : `${" ".repeat(indent)}→ ${shown(remedy)}\n`
  return `${line(terminal, mark, check, detail)}${toDo}`
}

function line(terminal: Terminal, kind: keyof typeof marks, name: string, text: string): string {
  const [mark, colour] = marks[kind]
  return `${painted(terminal, colour, mark)} ${name.padEnd(indent - 2)}${shown(text)}\n`
}

/** Further lines begin where the first one does. */
function shown(text: string): string {
  return printableLines(text)
    .split("\n")
    .join(`\n${" ".repeat(indent)}`)
}
