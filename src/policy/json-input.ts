import { messageOf, PdpError } from "../errors.js"

const maxNesting = 1_000

/**
 * An input as the JSON text that a policy may be handed: that of `JSON.stringify`, but nothing is lost on the way.
 *
 * @returns `undefined` for an undefined input
 * @throws {PdpError} `ERR_INPUT_INVALID` naming the place of a function, symbol, BigInt, lone surrogate, or more than 1,000 levels (a cycle, too)
 */
export function jsonInput(input: unknown): string | undefined {
  try {
    return jsonText(input)
  } catch (cause) {
    throw new PdpError("ERR_INPUT_INVALID", `the input ${messageOf(cause)}`, { cause })
  }
}

/** The same for any document; throws an `Error` whose message goes on after the document's name. */
export function jsonText(document: unknown): string | undefined {
  const flaw = flawIn(document, 0)
  if (flaw) throw new Error(`holds ${flaw.what}${flaw.path === "" ? "" : ` at ${shortened(flaw.path)}`}; ${flaw.remedy}`)
  return JSON.stringify(document)
}

interface Flaw {
  readonly what: string
  readonly remedy: string
  /** A JSON pointer. */
  readonly path: string
}

function flawIn(value: unknown, depth: number): Flaw | undefined {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() ? undefined : loneSurrogate
    case "object":
      return value === null ? undefined : flawInMembers(value, depth)
    case "function":
    case "symbol":
    case "bigint":
      return { what: `a ${typeof value}`, remedy: "pass JSON values only", path: "" }
    default:
      return undefined
  }
}

function flawInMembers(value: object, depth: number): Flaw | undefined {
  if (depth === maxNesting) return tooDeep
  if ("toJSON" in value && typeof value.toJSON === "function") return flawIn(value.toJSON(""), depth + 1)
  if (Array.isArray(value)) return flawInItems(value, undefined, depth)
  return flawInItems(Object.values(value), Object.keys(value), depth)
}

function flawInItems(items: readonly unknown[], keys: readonly string[] | undefined, depth: number): Flaw | undefined {
  for (let index = 0; index < items.length; index++) {
    const key = keys?.[index]
    const flaw = key === undefined || key.isWellFormed() ? flawIn(items[index], depth + 1) : loneSurrogate
    if (flaw) return within(key ?? String(index), flaw)
  }
  return undefined
}

function within(key: string, flaw: Flaw): Flaw {
  return flaw === tooDeep ? flaw : { ...flaw, path: `/${key.toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1")}${flaw.path}` }
}

const loneSurrogate: Flaw = { what: "a lone surrogate", remedy: "pass well-formed Unicode", path: "" }
const tooDeep: Flaw = { what: `a cycle, or more than ${maxNesting} levels of nesting`, remedy: "pass a flatter document", path: "" }

function shortened(path: string): string {
  return path.length <= 200 ? path : `${path.slice(0, 200).toWellFormed()}…`
}
