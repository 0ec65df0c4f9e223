/**
 * True for a path that every router reads alike: it begins with one slash, has no empty, `.` or `..` segment, and hides nothing in escapes. One slash at
 * the end is canonical. The rule is that of the hardened policy (`docs/policy.md`).
 *
 * @param path a raw request target without its query
 */
export function isCanonicalPath(path: string): boolean {
  if (!printable.test(path)) return false
  const segments = path.slice(1).split("/")
  return segments.every((segment, index) => (segment === "" ? index === segments.length - 1 : !dots.test(segment) && hasHonestEscapes(segment)))
}

/** The part of a raw request target before its query. */
export function pathOf(target: string): string {
  const query = target.indexOf("?")
  return query < 0 ? target : target.slice(0, query)
}

const printable = /^\/[\x21\x22\x24-\x3a\x3c-\x3e\x40-\x5b\x5d-\x7e]*$/
const dots = /^\.{1,2}$/
/** Control bytes, and `. / ; \ %`, letters, digits, `- _ ~`. */
const needless = /%(?:[01][0-9a-f]|7f|2[def5]|3[0-9b]|4[1-9a-f]|5[0-9acf]|6[1-9a-f]|7[0-9ae])/i

function hasHonestEscapes(segment: string): boolean {
  return !segment.includes("%") || (!/%(?![0-9a-f]{2})/i.test(segment) && !needless.test(segment))
}
