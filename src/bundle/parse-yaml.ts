import { isMap, isScalar, parseDocument, visit, type Tags, type YAMLMap } from "yaml"

/**
 * A YAML text as OPA reads it: YAML 1.1 without times, as Go's library does. Takes time in proportion to its length.
 *
 * @throws {Error} when it is none, says a key twice, or its aliases stand for too much
 */
export function parseYaml(text: string, { intAsBigInt = false }: { readonly intAsBigInt?: boolean } = {}): unknown {
  // The library compares each key to each one before it.
  const document = parseDocument(text, { version: "1.1", customTags: known, intAsBigInt, prettyErrors: false, logLevel: "error", uniqueKeys: false })
  const [error] = document.errors
  if (error) throw error
  visit(document, { Map: (_, map) => assertUnique(map) })
  return document.toJS()
}

const unknown = new Set(["timestamp", "binary", "omap", "pairs", "set"].map((name) => `tag:yaml.org,2002:${name}`))

function known(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === "string" || (!unknown.has(tag.tag) && !("format" in tag && tag.format === "TIME")))
}

function assertUnique(map: YAMLMap): void {
  if (!isMap(map)) return
  const keys = new Set<unknown>()
  for (const { key } of map.items) {
    if (!isScalar(key)) continue
    if (keys.has(key.value)) throw new Error(`Map keys must be unique: ${String(key.value).slice(0, 200)}`)
    keys.add(key.value)
  }
}
