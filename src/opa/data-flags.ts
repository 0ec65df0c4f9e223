import { queryFlag } from "./data-answer.js"

/** What the query of a data request asks for besides. */
export interface DataFlags {
  readonly pretty: boolean
  readonly metrics: boolean
  readonly provenance: boolean
  /** A builtin that cannot answer is an error, and not undefined. */
  readonly strict: boolean
}

/** Nothing besides. */
export const noFlags: DataFlags = { pretty: false, metrics: false, provenance: false, strict: false }

/** Reads them. `instrument` asks for metrics; there is nothing finer to tell. */
export function dataFlags(query: URLSearchParams): DataFlags {
  return {
    pretty: queryFlag(query, "pretty"),
    metrics: queryFlag(query, "metrics") || queryFlag(query, "instrument"),
    provenance: queryFlag(query, "provenance"),
    strict: queryFlag(query, "strict-builtin-errors"),
  }
}
