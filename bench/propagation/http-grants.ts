import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import { administrator, workspace } from "../database/administered.js"
import { authorizationData } from "../clone.js"
import { newcomer, questionAbout } from "../newcomer.js"
import { startSidecar } from "../server-process.js"

/** What grants over HTTP took, each in milliseconds. */
export interface HttpGrants {
  readonly writeMs: readonly number[]
  /** From the answer to the write to that of a question: a round trip. */
  readonly visibleMs: readonly number[]
}

/**
 * Grants through a sidecar on SQLite, one after the other, and asks it after each answer.
 *
 * @throws {Error} when an answer does not say `propagated: true`, or the first question afterwards is denied
 */
export async function httpGrants(folder: string, database: string, grants: number): Promise<HttpGrants> {
  const config = join(folder, "portcullis.yaml")
  const store = { source: "sqlite", path: database }
  writeFileSync(config, JSON.stringify({ data: [authorizationData], store, auth: { admin_email: administrator.id } }))
  const sidecar = await startSidecar(["--config", config])
  try {
    await posted(`${sidecar.url}/apis/entities/v2/workspaces`, { name: workspace }, Propagated)
    const writeMs: number[] = []
    const visibleMs: number[] = []
    for (let at = -grants / 5; at < grants; at++) {
      const { principal, role } = newcomer(at, workspace)
      const { method, path } = questionAbout(newcomer(at, workspace))
      const question = { input: { principal_id: principal, method, path } }
      const calledAt = performance.now()
      await posted(`${sidecar.url}/apis/entities/v2/workspaces/${workspace}/members`, { principal, roles: [role] }, Propagated)
      const answeredAt = performance.now()
      await posted(`${sidecar.url}/apis/auth/v2/authz/allow`, question, Allowed)
      if (at < 0) continue
      visibleMs.push(performance.now() - answeredAt)
      writeMs.push(answeredAt - calledAt)
    }
    return { writeMs, visibleMs }
  } finally {
    await sidecar.stop()
  }
}

const Propagated = z.object({ propagated: z.literal(true) })
const Allowed = z.object({ result: z.object({ allowed: z.literal(true) }) })

async function posted(url: string, body: unknown, expected: z.ZodType): Promise<void> {
  const headers = { "content-type": "application/json", "x-nmp-principal-id": administrator.id }
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })
  const answer: unknown = await response.json()
  if (!expected.safeParse(answer).success) throw new Error(`POST ${url} answers ${response.status} ${JSON.stringify(answer)}`)
}
