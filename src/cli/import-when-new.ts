import { importBindings, isNew } from "../administration/index.js"
import type { Config } from "../config/index.js"
import type { Database } from "../database/index.js"
import type { RoleBinding } from "../model/role-binding.js"
import { fileSource } from "../source/index.js"
import type { Logger } from "../telemetry/index.js"

/** Takes over the files of `store.import` when the database is new. @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` */
export async function importWhenNew(database: Database, { store }: Config, logger: Logger): Promise<void> {
  if (store.import.length === 0 || !(await isNew(database))) return
  // All of them are read before the first is written, so that a wrong file leaves the database new.
  const pages = (await Promise.all(store.import.map(pagesOf))).flat()
  const { bindings, workspaces } = await importBindings(database, "system:import", pages)
  logger.info({ files: store.import, bindings, workspaces }, "role bindings imported into the new database")
}

async function pagesOf(path: string): Promise<readonly (readonly RoleBinding[])[]> {
  const source = fileSource({ path })
  try {
    const read = await source.read(undefined, new AbortController().signal)
    const pages: (readonly RoleBinding[])[] = []
    if (read.kind === "snapshot") for await (const page of read.pages) pages.push(page)
    return pages
  } finally {
    await source.close()
  }
}
