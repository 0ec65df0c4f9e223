import type { Terminal } from "./terminal.js"

/** Says on a terminal how far a long piece of work is. */
export interface Progress {
  /** @param rows how many are done */
  readonly tell: (what: string, rows: number) => void
  /** Clears the line. */
  readonly end: () => void
}

/** Says nothing where nobody looks. */
export function progressOn({ showsProgress, err }: Terminal): Progress {
  if (!showsProgress) return { tell: () => undefined, end: () => undefined }
  let told = ""
  return {
    tell: (what, rows) => {
      const text = `${Math.floor(rows / rowsTold) * rowsTold} rows ${what}`
      if (text !== told) err(`\r${text}${clearToEnd}`)
      told = text
    },
    end: () => {
      if (told !== "") err(`\r${clearToEnd}`)
      told = ""
    },
  }
}

const rowsTold = 10_000
const clearToEnd = "\u001b[K"
