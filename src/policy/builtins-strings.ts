import { BuiltinError, integerIn, membersIn, textIn, arrayIn, type OpaBuiltins } from "./opa-builtin.js"
import { sprintf } from "./sprintf.js"
import type { Term } from "./term.js"

/** Builtins on strings that are not compiled into modules. */
export const stringBuiltins: OpaBuiltins = {
  sprintf: (format, values) => sprintf(textIn(format), arrayIn(values)),
  indexof_n: (text, wanted) => placesOf([...textIn(text)], [...textIn(wanted)]),
  "strings.any_prefix_match": (texts, prefixes) => textsIn(texts).some((text) => textsIn(prefixes).some((prefix) => text.startsWith(prefix))),
  "strings.any_suffix_match": (texts, suffixes) => textsIn(texts).some((text) => textsIn(suffixes).some((suffix) => text.endsWith(suffix))),
  "strings.count": (text, wanted) => (wanted === "" ? [...textIn(text)].length + 1 : textIn(text).split(textIn(wanted)).length - 1),
  "strings.split_n": (text, delimiter, most) => splitUpTo(textIn(text), textIn(delimiter), integerIn(most)),
  "glob.quote_meta": (pattern) => textIn(pattern).replace(/[*?\\[\]{}]/g, "\\$&"),
}

function textsIn(term: Term | undefined): readonly string[] {
  return typeof term === "string" ? [term] : membersIn(term).map(textIn)
}

/** In code points. */
function placesOf(text: readonly string[], wanted: readonly string[]): readonly number[] {
  if (wanted.length === 0) throw new BuiltinError("empty search character")
  const places = Array.from({ length: Math.max(0, text.length - wanted.length + 1) }, (_, at) => at)
  return places.filter((at) => wanted.every((character, index) => text[at + index] === character))
}

/** The first so many parts; of a negative number, the last ones. */
function splitUpTo(text: string, delimiter: string, most: number): readonly string[] {
  const parts = delimiter === "" ? [...text] : text.split(delimiter)
  return most >= 0 ? parts.slice(0, most) : parts.slice(most)
}
