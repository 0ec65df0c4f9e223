import { z } from "zod"
import { parseInput } from "./names.js"

/** Which part of a list is wanted, and in which order. */
export interface PageRequest {
  /** From 1. Default 1. */
  readonly page?: number | undefined
  /** 1 to 1,000. Default 100 for workspaces and entities, 10 for the others. */
  readonly page_size?: number | undefined
  /** The name of a field; with `-` before it, descending. */
  readonly sort?: string | undefined
}

/** One page of a list. */
export interface Page<Item> {
  readonly data: readonly Item[]
  readonly pagination: {
    readonly page: number
    readonly page_size: number
    readonly current_page_size: number
    readonly total_pages: number
    readonly total_results: number
  }
  readonly sort: string
  readonly filter: Readonly<Record<string, unknown>>
}

/** A checked {@link PageRequest}. */
export interface PageWindow {
  readonly page: number
  readonly pageSize: number
  /** Items before it. */
  readonly offset: number
  readonly sort: string
  readonly field: string
  readonly descending: boolean
}

/**
 * @param fields the default order, then the fields that can be sorted by
 * @throws {PdpError} `ERR_INPUT_INVALID`
 */
export function pageWindow(request: PageRequest, [defaultSort, ...fields]: readonly [string, ...string[]], defaultSize = 10): PageWindow {
  const schema = z.object({
    page: z.int().min(1).max(1_000_000).default(1),
    page_size: z.int().min(1).max(1_000).default(defaultSize),
    sort: z.enum([...fields, ...fields.map((field) => `-${field}`)]).default(defaultSort),
  })
  const { page, page_size: pageSize, sort } = parseInput(schema, request, "the page")
  const descending = sort.startsWith("-")
  return { page, pageSize, offset: (page - 1) * pageSize, sort, field: descending ? sort.slice(1) : sort, descending }
}

/** @param total items in all pages */
export function pageOf<Item>(window: PageWindow, total: number, data: readonly Item[], filter: Readonly<Record<string, unknown>>): Page<Item> {
  const { page, pageSize, sort } = window
  const pagination = { page, page_size: pageSize, current_page_size: data.length, total_pages: Math.ceil(total / pageSize), total_results: total }
  return { data, pagination, sort, filter }
}
