/** Tells on stderr what is going on: the table on stdout stays clean. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Tells how far something is, on one line of a terminal; elsewhere nothing. @param done from 0 to 1 */
export function progressOf(text: string, done: number): void {
  if (!process.stderr.isTTY) return
  process.stderr.write(`\r${text}, ${Math.round(done * 100)} %${done >= 1 ? "\n" : ""}`)
}
