/** Tells on stderr what is going on: the table on stdout stays clean. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}
