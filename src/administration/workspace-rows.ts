import { randomUUID } from "node:crypto"
import type { WriteTransaction } from "../database/index.js"

/** Makes the workspaces that do not exist yet. @returns the names of those that were made */
export async function addWorkspaces(
  transaction: WriteTransaction,
  actor: string,
  names: Iterable<string>,
  description = "",
): Promise<readonly string[]> {
  const added: string[] = []
  const { now } = transaction
  for (const name of new Set(names)) {
    const [row] = await transaction.all(
      `INSERT INTO portcullis_workspaces (name, id, description, created_at, created_by, updated_at, updated_by)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING RETURNING name`,
      ...[name, randomUUID(), description, now, actor, now, actor],
    )
    if (row) added.push(name)
  }
  await transaction.journal(...added.map((workspace) => ({ actor, action: "workspace.created" as const, workspace })))
  return added
}
