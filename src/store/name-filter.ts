/**
 * Tells for many texts at once that they are none of the names that it was given, without reading them whole. It never errs about a name;
 * it may take another text for one.
 */
export class NameFilter {
  readonly #seen = new Uint8Array(size)

  add(name: string): void {
    this.#seen[slotOf(name, 0, name.length)] = 1
  }

  /** Whether the part of `text` from `start` to `end` may be a name. */
  mayHold(text: string, start: number, end: number): boolean {
    return this.#seen[slotOf(text, start, end)] === 1
  }
}

const size = 4_096

/** By length, first and last character. */
function slotOf(text: string, start: number, end: number): number {
  if (end === start) return 0
  return ((end - start) * 961 + text.charCodeAt(start) * 31 + text.charCodeAt(end - 1)) & (size - 1)
}
