import type { PageRequest } from "../administration/index.js"
import { PdpError } from "../errors.js"
import type { AdministrationRoute } from "./administration-route.js"
import { scanJson } from "../model/json-scanner.js"

/** The query of an administration route. */
export interface Query {
  readonly page: PageRequest
  /** As it came, unchecked. */
  readonly filter: unknown
  /** A write answers when this process decides on it. */
  readonly wait: boolean
  /** And every OPA that is known, too. */
  readonly waitsForFleet: boolean
}

/** What a route takes. */
export type QueryKind = AdministrationRoute["kind"] | "roles"

/**
 * Reads the query of a route. A filter is written in brackets (`filter[name][$like]=ml`) or as JSON (`filter={"name":{"$like":"ml"}}`).
 *
 * @param kind `roles`: a write of who holds which role
 * @throws {PdpError} `ERR_INPUT_INVALID` for a key that the route does not know or that comes twice, and for values of a wrong form
 */
export function readQuery(target: string, kind: QueryKind): Query {
  const at = target.indexOf("?")
  const values = new Map<string, string>()
  for (const [key, value] of new URLSearchParams(at < 0 ? "" : target.slice(at + 1))) {
    if (!isKnown(key, kind)) throw invalid(`the query key '${key.slice(0, 64)}' is unknown here; ${knownKeys[kind]}`)
    if (values.has(key)) throw invalid(`the query key '${key.slice(0, 64)}' comes twice; send it once`)
    values.set(key, value)
  }
  const wait = isWaiting(values.get("wait_role_propagation"))
  return {
    page: { page: wholeNumber(values, "page"), page_size: wholeNumber(values, "page_size"), sort: values.get("sort") },
    filter: filterOf(values),
    wait,
    waitsForFleet: isWaitingForFleet(values.get("wait"), wait),
  }
}

const listKeys: ReadonlySet<string> = new Set(["page", "page_size", "sort", "filter"])
const bracket = /^filter\[([^[\]]{1,64})\](?:\[([^[\]]{1,16})\])?$/
const knownKeys = {
  read: "it takes none",
  list: "it takes page, page_size, sort and filter",
  write: "it takes wait_role_propagation",
  roles: "it takes wait_role_propagation and wait",
} as const satisfies Record<QueryKind, string>

function isKnown(key: string, kind: QueryKind): boolean {
  if (kind === "read") return false
  if (kind === "roles") return key === "wait_role_propagation" || key === "wait"
  if (kind === "write") return key === "wait_role_propagation"
  return listKeys.has(key) || key.startsWith("filter[")
}

function wholeNumber(values: ReadonlyMap<string, string>, key: string): number | undefined {
  const text = values.get(key)
  if (text === undefined) return undefined
  if (!/^[0-9]{1,9}$/.test(text)) throw invalid(`${key} '${text.slice(0, 32)}' is no whole number`)
  return Number(text)
}

function isWaiting(text: string | undefined): boolean {
  if (text === undefined || text === "true") return true
  if (text === "false") return false
  throw invalid(`wait_role_propagation '${text.slice(0, 32)}' is neither true nor false`)
}

function isWaitingForFleet(text: string | undefined, wait: boolean): boolean {
  if (text === undefined) return false
  if (text !== "fleet") throw invalid(`wait '${text.slice(0, 32)}' is not known; send wait=fleet, or leave it out`)
  if (!wait) throw invalid("wait=fleet and wait_role_propagation=false contradict each other; leave one of them out")
  return true
}

function filterOf(values: ReadonlyMap<string, string>): unknown {
  const whole = values.get("filter")?.trim() ?? ""
  const inBrackets = [...values].filter(([key]) => key.startsWith("filter["))
  if (whole === "") return bracketFilter(inBrackets)
  if (inBrackets.length > 0) throw invalid("a filter came as filter= and in brackets; write it in one form")
  return jsonFilter(whole)
}

function bracketFilter(parts: readonly (readonly [string, string])[]): unknown {
  const fields = new Map<string, string | Map<string, string>>()
  for (const [key, value] of parts) {
    const [, field, operator] = bracket.exec(key) ?? []
    if (field === undefined) throw invalid(`'${key.slice(0, 64)}' is no filter; ${forms}`)
    const before = fields.get(field)
    if (typeof before === "string" || (before && operator === undefined)) throw invalid(`the filter names '${field}' with and without an operator`)
    if (operator === undefined) fields.set(field, value)
    else fields.set(field, new Map([...(before ?? []), [operator, value]]))
  }
  return Object.fromEntries([...fields].map(([field, test]) => [field, typeof test === "string" ? test : Object.fromEntries(test)]))
}

function jsonFilter(text: string): unknown {
  if (!text.startsWith("{")) throw invalid(`the filter '${text.slice(0, 64)}' is in a form that is not supported; ${forms}`)
  const found = scanJson(Buffer.from(text), { depth: 4, keys: 32 })
  if (found) throw invalid(`the filter holds ${found.problem}`)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new PdpError("ERR_INPUT_INVALID", `the filter is no JSON; ${forms}`, { cause })
  }
}

const forms = 'write filter[name][$like]=ml, or JSON: filter={"name":{"$like":"ml"}}'

function invalid(message: string): PdpError {
  return new PdpError("ERR_INPUT_INVALID", message)
}
