/**
 * A text from elsewhere as one line that steers no terminal. Control characters (C0, C1 and DEL), format characters (those that turn the direction of
 * writing among them), separators of lines and paragraphs, lone surrogates and what is not assigned go; a run of them counts as one.
 *
 * @param instead what is put in the place of each run
 * @see Unicode Technical Report 36, section 2.6
 */
export function printable(text: string, instead = " "): string {
  return text.replace(unprintable, instead)
}

/** The same for a text of our own, which has its lines: newlines and tabs stay. What came from elsewhere went through {@link printable} before. */
export function printableLines(text: string): string {
  return text.replace(unprintableInLines, " ")
}

/** True for what {@link printable} leaves as it is. */
export function isPrintable(text: string): boolean {
  return text.search(unprintable) < 0
}

/** A text of JSON that says the same and steers no terminal: what {@link printable} takes away is written as `\uXXXX`. Newlines and tabs between the tokens stay. */
export function escapedJson(text: string): string {
  return text.replace(unprintableInLines, (run) => Array.from({ length: run.length }, (_, at) => `\\u${hex(run.charCodeAt(at), 4)}`).join(""))
}

/** The same of a text of YAML whose scalars that hold such characters are in double quotes; YAML has no pairs of surrogates, but `\UXXXXXXXX`. */
export function escapedYaml(text: string): string {
  return text.replace(unprintableInLines, (run) => Array.from(run, (one) => yamlEscape(one.codePointAt(0) ?? 0)).join(""))
}

const unprintable = /[\p{C}\p{Zl}\p{Zp}]+/gu
const unprintableInLines = /(?:(?![\n\t])[\p{C}\p{Zl}\p{Zp}])+/gu

function yamlEscape(code: number): string {
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0")
}
