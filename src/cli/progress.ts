import type { Terminal } from "./terminal.js"

/** One line on a terminal that is written over. */
export interface ProgressLine {
  readonly show: (text: string) => void
  /** Clears the line. */
  readonly end: () => void
}

/** Says nothing where nobody looks. */
export function progressLine({ showsProgress, err }: Terminal): ProgressLine {
  if (!showsProgress) return { show: () => undefined, end: () => undefined }
  let shown = ""
  return {
    show: (text) => {
      if (text !== shown) err(`\r${text}${clearToEnd}`)
      shown = text
    },
    end: () => {
      if (shown !== "") err(`\r${clearToEnd}`)
      shown = ""
    },
  }
}

/** Says on a terminal how far a long piece of work is. */
export interface Progress {
  /** @param rows how many are done */
  readonly tell: (what: string, rows: number) => void
  /** Clears the line. */
  readonly end: () => void
}

/** Counts rows, in steps that people can read. */
export function progressOn(terminal: Terminal): Progress {
  const { show, end } = progressLine(terminal)
  return { tell: (what, rows) => show(`${Math.floor(rows / rowsTold) * rowsTold} rows ${what}`), end }
}

const rowsTold = 10_000
const clearToEnd = "\u001b[K"
