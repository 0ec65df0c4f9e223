import type { z } from "zod"
import { readAuthorizationDataFiles, readReferencePrincipals } from "../authorization-data/index.js"
import type { RoleBinding } from "../model/role-binding.js"
import { unavailable } from "../model/unavailable.js"
import { steadyFile, type SteadyFile } from "../source/index.js"
import { ExportHeader, ExportRow, ExportTrailer, type ExportCounts } from "./export-format.js"

/** A file that can be imported. */
export interface ImportFile {
  readonly path: string
  readonly kind: "export" | "bindings" | "reference"
  /** The roles that a reference document defines; absent otherwise. */
  readonly roles?: readonly string[]
  /**
   * What it holds, in lists of any length. Each pass over them reads the same, or fails.
   *
   * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` for anything that is not valid, naming the line, and for an export that is cut off
   */
  rows(): AsyncIterable<readonly ExportRow[]>
}

/**
 * Looks what a file is: an export, a reference document with `principals`, or else a file of bindings.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when it cannot be read, `ERR_AUTHORIZATION_DATA_INVALID` for a broken document
 */
export async function importFile(path: string): Promise<ImportFile> {
  const file = await steadyFile(path)
  if (/^\s*\{\s*"portcullis_export/.test(await file.beginning())) return { path, kind: "export", rows: () => exportedRows(file) }
  const reference = /\.(?:ya?ml|json)$/i.test(path) ? await referenceIn(path) : undefined
  if (!reference) return { path, kind: "bindings", rows: () => bindingRows(file.bindings()) }
  return { path, kind: "reference", roles: reference.roles, rows: () => bindingRows([reference.bindings]) }
}

async function referenceIn(path: string): Promise<ReturnType<typeof readReferencePrincipals>> {
  const [document] = await readAuthorizationDataFiles([path])
  return document && readReferencePrincipals(document)
}

async function* bindingRows(pages: AsyncIterable<readonly RoleBinding[]> | Iterable<readonly RoleBinding[]>): AsyncGenerator<readonly ExportRow[]> {
  for await (const page of pages) yield page.map((binding) => ({ binding }))
}

async function* exportedRows(file: SteadyFile): AsyncGenerator<readonly ExportRow[]> {
  const reader = new ExportReader(file.path)
  for await (const { before, lines } of file.lines("object")) {
    const rows: ExportRow[] = []
    for (const [at, text] of lines.entries()) {
      const row = text.trim() === "" ? undefined : reader.row(text, before + at + 1)
      if (row) rows.push(row)
    }
    yield rows
  }
  reader.assertWhole()
}

/** Reads line by line, and knows where in an export it is. */
class ExportReader {
  readonly #place: string
  readonly #counts: Record<keyof ExportCounts, number> = { workspaces: 0, bindings: 0, entities: 0 }
  #line = 0
  #state: "begins" | "goes on" | "has ended" = "begins"

  constructor(place: string) {
    this.#place = place
  }

  /** What stands in a line; `undefined` in the first and the last one. */
  row(text: string, line: number): ExportRow | undefined {
    this.#line = line
    if (this.#state === "has ended") throw this.#problem("something follows after the end of the export", "import one export after the other")
    const value = this.#parsed(text)
    if (this.#state === "begins") {
      this.#checked(ExportHeader, value)
      this.#state = "goes on"
      return undefined
    }
    if ("portcullis_export_end" in value) {
      this.#assertCounts(this.#checked(ExportTrailer, value).portcullis_export_end)
      this.#state = "has ended"
      return undefined
    }
    if ("binding" in value) return this.#counted("bindings", this.#checked(ExportRow.binding, value))
    if ("workspace" in value) return this.#counted("workspaces", this.#checked(ExportRow.workspace, value))
    if ("entity" in value) return this.#counted("entities", this.#checked(ExportRow.entity, value))
    throw this.#problem(`neither workspace, binding nor entity: ${text.slice(0, 80)}`, "export again with this version")
  }

  assertWhole(): void {
    if (this.#state !== "has ended") throw this.#problem("the export is cut off: its last line is missing", "export again, and copy the whole file")
  }

  #counted(kind: keyof ExportCounts, row: ExportRow): ExportRow {
    this.#counts[kind]++
    return row
  }

  #assertCounts(stated: ExportCounts): void {
    const { workspaces, bindings, entities } = this.#counts
    if (stated.workspaces !== workspaces || stated.bindings !== bindings || stated.entities !== entities)
      throw this.#problem(`lines are missing: ${JSON.stringify(stated)} were exported, ${JSON.stringify(this.#counts)} are here`, "export again")
  }

  #parsed(text: string): object {
    try {
      const value: unknown = JSON.parse(text)
      if (typeof value === "object" && value !== null) return value
    } catch (cause) {
      throw this.#problem("the line is not one whole JSON object", "the file is damaged or cut off; export again", cause)
    }
    throw this.#problem("the line is not a JSON object", "the file is damaged; export again")
  }

  #checked<Schema extends z.ZodType>(schema: Schema, value: object): z.output<Schema> {
    const { data, error } = schema.safeParse(value)
    if (error) {
      const issues = error.issues.map(({ path, message }) => `${path.join(".")} ${message}`)
      throw this.#problem(issues.join("; ").slice(0, 1_000), "correct it, or export again")
    }
    return data
  }

  #problem(what: string, remedy: string, cause?: unknown): Error {
    return unavailable(`${this.#place}:${this.#line}: ${what}`, remedy, cause)
  }
}
