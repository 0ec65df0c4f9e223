/**
 * The path of the package that a Rego file begins with, for example `["authz", "bindings"]`.
 *
 * @returns `undefined` when it does not begin with one
 */
export function regoPackage(text: string): readonly string[] | undefined {
  const [, reference] = /^package[ \t]+([^\s#]+)/.exec(firstLine(text)) ?? []
  if (reference === undefined || !/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\["(?:[^"\\]|\\.)*"\])*$/.test(reference)) return undefined
  return [...reference.matchAll(/[A-Za-z_]\w*|\["((?:[^"\\]|\\.)*)"\]/g)].map(([segment, quoted]) =>
    quoted === undefined ? segment : quoted.replace(/\\(.)/g, "$1"),
  )
}

/** The first line that is neither empty nor a comment. */
function firstLine(text: string): string {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start)
    const line = text.slice(start, end < 0 ? text.length : end).trim()
    if (line !== "" && !line.startsWith("#")) return line
    start = end < 0 ? text.length : end + 1
  }
  return ""
}
