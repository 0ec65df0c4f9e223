import { grantBindings, type Database } from "../../src/database/index.js"
import type { RoleBinding } from "../../src/index.js"
import { progressOf } from "../progress.js"

const bindingsPerTransaction = 10_000

/** Grants bindings as the product does, journal and all, in large transactions. @returns seconds */
export async function fill(database: Database, bindings: readonly RoleBinding[], text: string): Promise<number> {
  const startedAt = performance.now()
  for (let at = 0; at < bindings.length; at += bindingsPerTransaction) {
    const part = bindings.slice(at, at + bindingsPerTransaction)
    await database.write((transaction) => grantBindings(transaction, "bench", part))
    progressOf(text, Math.min(1, (at + bindingsPerTransaction) / bindings.length))
  }
  return (performance.now() - startedAt) / 1_000
}
