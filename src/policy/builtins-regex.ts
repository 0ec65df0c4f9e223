import { BuiltinError, integerIn, textIn, type OpaBuiltins } from "./opa-builtin.js"
import { globsMatch } from "./globs-match.js"
import { allMatches, compiled, type Expression, type Match } from "./re2.js"

/** Builtins on regular expressions that are not compiled into modules. Their expressions are RE2's, and run in linear time. */
export const regexBuiltins: OpaBuiltins = {
  "regex.replace": (text, pattern, value) => replaced([...textIn(text)], compiled(textIn(pattern)), textIn(value)),
  "regex.split": (pattern, text) => parts(compiled(textIn(pattern)), [...textIn(text)]),
  "regex.find_n": (pattern, text, most) => found(compiled(textIn(pattern)), [...textIn(text)], integerIn(most)),
  "regex.globs_match": (a, b) => globsMatch(textIn(a), textIn(b)),
  "regex.template_match": (template, text, start, end) =>
    compiled(fromTemplate(textIn(template), textIn(start), textIn(end))).matchFrom([...textIn(text)], 0) !== undefined,
}

const longestResult = 16 * 2 ** 20

function replaced(text: readonly string[], expression: Expression, template: string): string {
  let result = ""
  let end = 0
  for (const match of allMatches(expression, text)) {
    result += text.slice(end, match[0]).join("") + expanded(template, text, match, expression)
    end = match[1] ?? end
    if (result.length > longestResult) throw new RangeError("regex.replace would give more than 16 MiB")
  }
  return result + text.slice(end).join("")
}

/** As Go's `Expand`: `$1`, `$name`, `${name}`, `$$`. */
function expanded(template: string, text: readonly string[], match: Match, { names }: Expression): string {
  return template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (_whole, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare
    if (name === undefined) return "$"
    const group = /^\d+$/.test(name) ? Number(name) : names.get(name)
    const start = group === undefined ? -1 : (match[group * 2] ?? -1)
    return group === undefined || start < 0 ? "" : text.slice(start, match[group * 2 + 1]).join("")
  })
}

function parts(expression: Expression, text: readonly string[]): readonly string[] {
  if (text.length === 0) return [""]
  const cut: string[] = []
  let begin = 0
  let end = 0
  for (const [start = 0, after = 0] of allMatches(expression, text)) {
    end = start
    if (after !== 0) cut.push(text.slice(begin, end).join(""))
    begin = after
  }
  return end === text.length ? cut : [...cut, text.slice(begin).join("")]
}

function found(expression: Expression, text: readonly string[], most: number): readonly string[] {
  return allMatches(expression, text, most < 0 ? Infinity : most).map(([start, end]) => text.slice(start, end).join(""))
}

/** Text, with expressions between delimiters. */
function fromTemplate(template: string, start: string, end: string): string {
  if (start.length !== 1 || end.length !== 1) throw new BuiltinError("delimiters have to be one character long")
  let pattern = "^"
  let level = 0
  let from = 0
  for (const [at, character] of [...template].entries()) {
    if (character === start && level++ === 0) {
      pattern += quoted(template.slice(from, at))
      from = at + 1
    } else if (character === end && --level === 0) {
      pattern += `(${template.slice(from, at)})`
      from = at + 1
    }
    if (level < 0) throw new BuiltinError("unbalanced braces")
  }
  if (level !== 0) throw new BuiltinError("unbalanced braces")
  return `${pattern}${quoted(template.slice(from))}$`
}

function quoted(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&")
}
