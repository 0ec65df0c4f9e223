import { z } from "zod"
import { messageOf, PdpError } from "../errors.js"
import type { RoleBinding } from "../model/role-binding.js"
import { bindingsOf } from "./binding-row.js"
import { bindingRows } from "./binding-rows.js"
import { assertSize, fileFormat } from "./file-format.js"
import { fileState, readFileIn } from "./file-reading.js"

/** One row of a file of bindings: what it stands for (nothing for `roles: []`), or what is wrong with it. */
export type CheckedRow =
  { readonly kind: "bindings"; readonly line: number; readonly bindings: readonly RoleBinding[] } | ({ readonly kind: "problem" } & RowProblem)

/** Why `fileSource` would refuse the file. */
export interface RowProblem {
  /** A row, the document, or its size. Nothing follows after the latter two. */
  readonly of: "row" | "document" | "size"
  /** Counted from 1; 0 when it is the file as a whole. */
  readonly line: number
  readonly message: string
  readonly remedy: string
}

/** Reads a file of bindings as `fileSource` does, and goes on after a wrong row. Throws for nothing that is in it. */
export async function* checkedRows(path: string): AsyncGenerator<CheckedRow> {
  let of: RowProblem["of"] = "size"
  try {
    const format = fileFormat(path)
    const state = await fileState(path)
    assertSize(path, format, state.bytes)
    of = "document"
    for await (const rows of bindingRows(path, format, readFileIn(state, path, new AbortController().signal).chunks))
      for (const row of rows) yield checkedRow(path, row)
  } catch (thrown) {
    yield problemOf(thrown, of)
  }
}

function checkedRow(path: string, row: Parameters<typeof bindingsOf>[1]): CheckedRow {
  try {
    return { kind: "bindings", line: row.line, bindings: bindingsOf(path, row) }
  } catch (thrown) {
    return problemOf(thrown, "row")
  }
}

const Details = z.object({ line: z.int().default(0), problem: z.string(), remedy: z.string() })

function problemOf(thrown: unknown, of: RowProblem["of"]): CheckedRow {
  if (!(thrown instanceof PdpError)) throw thrown
  const { data } = Details.safeParse(thrown.details)
  const remedy = "name it by what it holds"
  return { kind: "problem", of, line: data?.line ?? 0, message: data?.problem ?? messageOf(thrown), remedy: data?.remedy ?? remedy }
}
