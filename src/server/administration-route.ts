import type { z } from "zod"
import { parseInput, type Administration, type Page, type PageRequest, type WriteOptions, type Written } from "../administration/index.js"
import type { Principal } from "../model/principal.js"

/** One call of the administration: who, and about what. */
export interface Call {
  readonly administration: Administration
  readonly caller: Principal
  /** What stands in the path for `{name}`, decoded once. */
  readonly param: (name: string) => string
  /** As it came, unchecked. */
  readonly filter: unknown
  readonly page: PageRequest
  readonly options: WriteOptions
}

/** What a route says about itself. */
export interface RouteFacts {
  /** `{name}` stands for one segment. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  /** What it answers. */
  readonly answer: z.ZodType
  /** A write of who holds which role: it takes `wait=fleet`. */
  readonly givesRoles?: boolean
}

/** One operation over HTTP: what serves it, and what describes it. */
export interface AdministrationRoute extends RouteFacts {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  readonly kind: "read" | "list" | "write"
  readonly status: 200 | 201
  readonly filter?: z.ZodType
  readonly body?: z.ZodType
  /** @param body parsed JSON, unchecked; undefined for routes without */
  run(call: Call, body: unknown): Promise<Outcome>
}

/** What a route came to. */
export type Outcome = { readonly read: object } | { readonly written: Written<object> }

/** `GET` of one thing. */
export function readRoute(facts: RouteFacts, read: (call: Call) => Promise<object>): AdministrationRoute {
  return { ...facts, method: "GET", kind: "read", status: 200, run: async (call) => ({ read: await read(call) }) }
}

/** `GET` of a page. @param filter what can be asked for */
export function listRoute<Filter extends z.ZodType>(
  facts: RouteFacts,
  filter: Filter,
  list: (call: Call, filter: z.output<Filter>) => Promise<Page<object>>,
): AdministrationRoute {
  const run = async (call: Call): Promise<Outcome> => ({ read: await list(call, parseInput(filter, call.filter, "the filter")) })
  return { ...facts, method: "GET", kind: "list", status: 200, filter, run }
}

/** `POST` or `PUT`. @param body what must be sent */
export function writeRoute<Body extends z.ZodType>(
  facts: RouteFacts & { readonly method: "POST" | "PUT"; readonly status: 200 | 201 },
  body: Body,
  write: (call: Call, body: z.output<Body>) => Promise<Written<object>>,
): AdministrationRoute {
  return { ...facts, kind: "write", body, run: async (call, sent) => ({ written: await write(call, parseInput(body, sent, "the body")) }) }
}

/** `DELETE`. */
export function deleteRoute(facts: RouteFacts, write: (call: Call) => Promise<Written<object>>): AdministrationRoute {
  return { ...facts, method: "DELETE", kind: "write", status: 200, run: async (call) => ({ written: await write(call) }) }
}
