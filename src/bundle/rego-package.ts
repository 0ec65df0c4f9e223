/**
 * The path of the package that a Rego file begins with, for example `["authz", "bindings"]`.
 *
 * @returns `undefined` when it does not begin with one
 */
export function regoPackage(text: string): readonly string[] | undefined {
  const [, reference] = /^(?:\s|#[^\n]*(?:\n|$))*package[ \t]+([^\s#]+)/.exec(text) ?? []
  if (reference === undefined || !/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\["(?:[^"\\]|\\.)*"\])*$/.test(reference)) return undefined
  return [...reference.matchAll(/[A-Za-z_]\w*|\["((?:[^"\\]|\\.)*)"\]/g)].map(([segment, quoted]) =>
    quoted === undefined ? segment : quoted.replace(/\\(.)/g, "$1"),
  )
}
