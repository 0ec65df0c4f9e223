import type { BundleFile } from "./data-files.js"

/** What a thread asks of the table in another one. */
export type TableCall = { readonly id: number } & TableRequest

/** A call of one method of `ShardTable`. */
export type TableRequest =
  | { readonly op: "load" | "amend" | "edit"; readonly rows: readonly string[] }
  | { readonly op: "finish" | "close" }
  | { readonly op: "pack"; readonly files: readonly BundleFile[]; readonly shards: readonly number[] }

/** What it answers. */
export interface TableAnswer {
  readonly id: number
  readonly result?: unknown
  /** Present when the call has failed. */
  readonly problem?: string
}
