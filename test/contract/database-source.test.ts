import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { grantBindings, revokeBindings, roleBindingName } from "../../src/database/index.js"
import type { RoleBinding, RoleBindingChange } from "../../src/model/role-binding.js"
import { postgresSource, sqliteSource, type DatabaseSource } from "../../src/source/index.js"
import { startPostgres, type TestPostgres } from "../fixtures/postgres.js"
import { describeSource, type SourceUnderTest } from "./source.contract.js"

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.remove())

describeSource(
  "SQLite",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "portcullis-sqlite-"))
    return underTest(sqliteSource({ path: join(folder, "portcullis.db") }), async () => rmSync(folder, { recursive: true }))
  },
  ["hold invalid data"],
)

describeSource("PostgreSQL", async () => underTest(postgresSource({ url: await postgres.database() }), async () => undefined), ["hold invalid data"])

function underTest(source: DatabaseSource, cleanUp: () => Promise<void>): SourceUnderTest {
  return { source, write: (changes) => write(source, changes), cleanUp }
}

async function write({ database }: DatabaseSource, changes: readonly RoleBindingChange[]): Promise<void> {
  await database.write(async (transaction) => {
    for (const { op, bindings } of runsOf(changes)) {
      if (op === "add") await grantBindings(transaction, "test", bindings)
      else await revokeBindings(transaction, "test", bindings.map(roleBindingName))
    }
  })
}

/** Changes in the same order, those of one kind together. */
function runsOf(changes: readonly RoleBindingChange[]): readonly { readonly op: RoleBindingChange["op"]; readonly bindings: RoleBinding[] }[] {
  const runs: { readonly op: RoleBindingChange["op"]; readonly bindings: RoleBinding[] }[] = []
  for (const { op, binding } of changes) {
    const last = runs.at(-1)
    if (last?.op === op) last.bindings.push(binding)
    else runs.push({ op, bindings: [binding] })
  }
  return runs
}
