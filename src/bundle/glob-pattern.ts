import { PdpError } from "../errors.js"

/**
 * A pattern of Go's `filepath.Match`: `*` and `?` stand for anything but `/`, `[…]` for a class of characters, `\` takes away what the next one means.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when a class does not end
 */
export function globPattern(pattern: string): RegExp {
  const source = pattern.replace(/\\(.)|\[(\^?)((?:\\.|[^\]\\])+)\]|[\s\S]/gu, (token, escaped?: string, negated?: string, characters?: string) => {
    if (escaped !== undefined) return literal(escaped)
    if (characters !== undefined)
      return `[${negated === "" ? "" : "^/"}${characters.replace(/\\?([\s\S])/gu, (_, one: string) => (one === "-" ? "-" : literal(one)))}]`
    if (token === "*") return "[^/]*"
    if (token === "?") return "[^/]"
    if (token === "[" || token === "\\")
      throw new PdpError("ERR_CONFIG_INVALID", `'${pattern}' is no pattern for files; use *, ? and classes such as [a-z]`)
    return literal(token)
  })
  return new RegExp(`^${source}$`, "u")
}

function literal(character: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character
}
