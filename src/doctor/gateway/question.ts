import { printable } from "../../model/printable.js"
import type { HeaderLine } from "./raw-request.js"

/** A token that comes with a request: the operator's, or one that nobody must believe. */
export type Credential = "token" | "bad token"

/** A request of the doctor. */
export interface Question {
  /** One `Authorization` line each, in this order. */
  readonly as: readonly Credential[]
  /** Default `GET`. */
  readonly method?: string
  readonly target: string
  /** Besides those that every request has, or in their place. */
  readonly headers?: readonly HeaderLine[]
  /** The value of `Connection`; default `close`. */
  readonly connection?: string
  /** Default: over HTTP/1.1. */
  readonly isOverHttp2?: true
}

/** What is sent, in words: never a token. */
export function said({ as, method = "GET", target, headers = [], connection, isOverHttp2 }: Question): string {
  const lines = [...(connection === undefined ? [] : [["Connection", connection] as const]), ...headers]
  const besides = lines.map(([name, value]) => `${name}: ${short(value)}`)
  const shown = besides.length > mostShown ? [...besides.slice(0, mostShown), `and ${besides.length - mostShown} more`] : besides
  return [`${method} ${short(target)} ${credentials(as)}${isOverHttp2 ? " over HTTP/2" : ""}`, ...shown].join(", ")
}

/** Who asks, in words. */
export function credentials(as: readonly Credential[]): string {
  return as.length === 0 ? "without a token" : `with ${as.map((one) => (one === "token" ? "the token" : "a bad token")).join(" and ")}`
}

const mostShown = 3

function short(text: string): string {
  const shown = printable(text, "?")
  return shown.length > 80 ? `${shown.slice(0, 60)}… (${text.length} characters)` : shown
}
