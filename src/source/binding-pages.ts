import type { RoleBinding } from "../model/role-binding.js"
import { bindingsOf } from "./binding-row.js"
import { bindingRows } from "./binding-rows.js"
import type { BindingsFormat } from "./bindings-format.js"
import { pageSize } from "./pages.js"

/** A document of bindings. */
export interface BindingsDocument {
  /** How messages name it: a path or a URL. */
  readonly place: string
  readonly format: BindingsFormat
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * The bindings of a document, in pages. Nothing is skipped: one wrong row ends them with an error.
 *
 * @param assertReadable throws when nobody may read any more; asked before each page
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` with place, line, value and remedy
 */
export async function* bindingPages(document: BindingsDocument, assertReadable: () => void): AsyncGenerator<readonly RoleBinding[]> {
  const { place, format, chunks } = document
  let page: RoleBinding[] = []
  for await (const rows of bindingRows(place, format, chunks)) {
    assertReadable()
    for (const row of rows) {
      for (const binding of bindingsOf(place, row)) page.push(binding)
      if (page.length < pageSize) continue
      yield page
      page = []
      assertReadable()
    }
  }
  if (page.length > 0) yield page
}
