import { parse, type Tags } from "yaml"

/**
 * A YAML text as OPA reads it: YAML 1.1 without times, as Go's library does.
 *
 * @throws {Error} when it is none, or its aliases stand for too much
 */
export function parseYaml(text: string, { intAsBigInt = false }: { readonly intAsBigInt?: boolean } = {}): unknown {
  return parse(text, { version: "1.1", customTags: known, intAsBigInt, prettyErrors: false, logLevel: "error" })
}

const unknown = new Set(["timestamp", "binary", "omap", "pairs", "set"].map((name) => `tag:yaml.org,2002:${name}`))

function known(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === "string" || (!unknown.has(tag.tag) && !("format" in tag && tag.format === "TIME")))
}
