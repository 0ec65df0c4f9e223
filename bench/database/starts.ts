import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import { authorizationData } from "../clone.js"
import type { PostgresServer } from "../postgres-server.js"
import { progress } from "../progress.js"
import { startSidecar, type ServerProcess } from "../server-process.js"
import { administrator } from "./administered.js"
import type { Place } from "./place.js"

const rounds = 5

/**
 * Starts the sidecar on a database, again and again.
 *
 * @param size how many bindings it must hold, at least
 * @returns seconds until it was ready
 */
export async function startSeconds({ kind, at, name }: Place, size: number, folder: string): Promise<readonly number[]> {
  const config = configured(folder, kind === "postgres" ? { source: kind, url: at } : { source: kind, path: at })
  const seconds: number[] = []
  for (let round = 0; round < rounds; round++) {
    progress(`database: starting the sidecar, ${name}, round ${round + 1} of ${rounds}`)
    seconds.push(await startedSeconds(config, async (sidecar) => void (await statusOf(sidecar, size))))
  }
  return seconds
}

/**
 * Starts the sidecar on PostgreSQL until it has written a snapshot, and then on the snapshot while the server is down.
 *
 * @returns seconds until it was ready
 */
export async function snapshotStartSeconds(server: PostgresServer, size: number, folder: string): Promise<readonly number[]> {
  const config = configured(folder, { source: "postgres", url: server.place.at, snapshot: join(folder, "bindings.snapshot") })
  // The last snapshot is written when it stops.
  await startedSeconds(config, async (sidecar) => void (await statusOf(sidecar, size)))
  await server.stop()
  const seconds: number[] = []
  for (let round = 0; round < rounds; round++) {
    progress(`database: starting the sidecar from its snapshot, round ${round + 1} of ${rounds}`)
    seconds.push(
      await startedSeconds(config, async (sidecar) => {
        if (!(await statusOf(sidecar, size)).snapshot?.decides) throw new Error("the sidecar does not decide on its snapshot")
      }),
    )
  }
  await server.start()
  return seconds
}

function configured(folder: string, store: Readonly<Record<string, string>>): string {
  const file = join(folder, "portcullis.yaml")
  writeFileSync(file, JSON.stringify({ data: [authorizationData], store, auth: { admin_email: administrator.id } }))
  return file
}

async function startedSeconds(config: string, check: (sidecar: ServerProcess) => Promise<void>): Promise<number> {
  const sidecar = await startSidecar(["--config", config])
  try {
    await check(sidecar)
  } finally {
    await sidecar.stop()
  }
  return sidecar.readyMs / 1_000
}

const Status = z.object({ bindings: z.number(), snapshot: z.object({ decides: z.boolean() }).optional() })

async function statusOf(sidecar: ServerProcess, size: number): Promise<z.infer<typeof Status>> {
  const response = await fetch(`${sidecar.url}/status`)
  const status = Status.parse(await response.json())
  if (status.bindings < size) throw new Error(`${status.bindings} bindings were loaded, not ${size}`)
  return status
}
