/**
 * True when `If-None-Match` names this entity tag: `*`, or a list in which one tag is equal, weak or not (RFC 9110, sections 8.8.3.2 and 13.1.2).
 */
export function matchesEntityTag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === "*") return true
  const wanted = opaque(etag)
  for (const [tag] of ifNoneMatch.matchAll(entityTag)) if (opaque(tag) === wanted) return true
  return false
}

const entityTag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g

function opaque(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag
}
