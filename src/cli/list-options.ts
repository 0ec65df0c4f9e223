import { InvalidArgumentError, type Command } from "commander"
import { z } from "zod"
import type { Operation } from "../administration/index.js"
import type { ApiClient } from "./api-client.js"
import type { Terminal } from "./terminal.js"

/** What the flags of {@link withListOptions} parse to. */
export interface ListOptions {
  readonly page?: number
  readonly pageSize?: number
  readonly allPages?: boolean
  readonly sort?: string
}

/** Adds the flags of a list that comes in pages. @param fields what it can be sorted by */
export function withListOptions(command: Command, fields: string): Command {
  return command
    .option("--page <number>", "which page, from 1", wholeNumber)
    .option("--page-size <number>", "rows in a page, 1 to 1000", wholeNumber)
    .option("--all-pages", "every page, one after the other")
    .option("--sort <field>", `${fields}; with - before it, descending`)
}

/** A list as the API answers it; what is unknown here is kept. */
export type Listed<Item> = { readonly data: readonly Item[]; readonly pagination: Pagination } & Readonly<Record<string, unknown>>

const Pagination = z.looseObject({ page: z.number(), page_size: z.number(), total_pages: z.number(), total_results: z.number() })
type Pagination = z.infer<typeof Pagination>

/** Asks for one page, or with `--all-pages` for all of them, as if they were one. */
export async function listed<Item>(
  client: ApiClient,
  operation: Operation,
  item: z.ZodType<Item>,
  { page, pageSize, allPages = false, sort }: ListOptions,
  filter: Readonly<Record<string, string | undefined>> = {},
): Promise<Listed<Item>> {
  const schema = z.looseObject({ data: z.array(item), pagination: Pagination })
  const ask = (number: number | undefined, size: number | undefined): Promise<Listed<Item>> =>
    client.send({ operation, query: { page: number?.toString(), page_size: size?.toString(), sort, ...filter } }, schema)
  if (!allPages) return ask(page, pageSize)
  const first = await ask(1, pageSize ?? largestPage)
  const data = [...first.data]
  for (let at = 2; at <= first.pagination.total_pages; at++) data.push(...(await ask(at, first.pagination.page_size)).data)
  const whole = { page: 1, page_size: data.length, current_page_size: data.length, total_pages: 1, total_results: data.length }
  return { ...first, data, pagination: whole }
}

/** Says what is not on this page. */
export function tellOtherPages({ pagination }: Listed<unknown>, what: string, terminal: Terminal): void {
  const { page, total_pages: pages, total_results: total } = pagination
  if (total === 0) terminal.err(`no ${what}\n`)
  else if (pages > 1) terminal.err(`page ${page} of ${pages}, ${total} ${what} in all; --page and --all-pages show the others\n`)
}

const largestPage = 1_000

function wholeNumber(text: string): number {
  if (!/^[1-9][0-9]{0,6}$/.test(text)) throw new InvalidArgumentError("It takes a whole number from 1.")
  return Number(text)
}
