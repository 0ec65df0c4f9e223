import { join } from "node:path"
import type { RoleBinding } from "../../src/index.js"
import { inTemporaryFolder } from "../files.js"
import { loadRows } from "../load/load-rows.js"
import { withPostgres } from "../postgres-server.js"
import { progress } from "../progress.js"
import { refreshed, refreshRows } from "../refresh/refresh-rows.js"
import { atMost, figure, type Row } from "../row.js"
import { median } from "../statistics.js"
import { bindingsOf } from "../world.js"
import { fill } from "./fill.js"
import { sourceAt, sqlitePlace, type Place } from "./place.js"
import { snapshotStartSeconds, startSeconds } from "./starts.js"
import { writeRows } from "./writes.js"

const size = 1_000_000
const changes = 200

/** A million bindings in SQLite and in PostgreSQL: P9, P10, P14 and writes. */
export async function database(): Promise<readonly Row[]> {
  const bindings = bindingsOf(size)
  return inTemporaryFolder(async (folder) => {
    const sqlite = sqlitePlace(join(folder, "portcullis.db"))
    const onSqlite = [...(await readRows(sqlite, bindings, folder)), ...(await writeRows(sqlite))]
    const onPostgres = await withPostgres("database", async (server) => {
      const read = await readRows(server.place, bindings, folder)
      const fromSnapshot = await snapshotStartSeconds(server, size, folder)
      return [...read, snapshotRow(fromSnapshot), ...(await writeRows(server.place))]
    })
    return [...onSqlite, ...onPostgres]
  })
}

async function readRows(place: Place, bindings: readonly RoleBinding[], folder: string): Promise<readonly Row[]> {
  const { kind, at, name, durability } = place
  const filled = await filledPerSecond(place, bindings)
  const loads = await loadRows("database", kind, `from ${name}`, size, at)
  const starts = await startSeconds(place, size, folder)
  progress(`database: refreshing, ${name}`)
  const refresh = await refreshed(kind, size, changes, at)
  return [
    { part: "database", what: `${name}, bindings granted, 10,000 a transaction, 1 M in all`, note: durability, value: filled, unit: "per s" },
    ...loads,
    { part: "database", what: `start of the sidecar until ready, 1 M bindings from ${name}`, ...figure(starts, "s") },
    ...refreshRows("database", `in ${name}`, refresh),
    { part: "database", what: `1 change of 1 M in ${name}, refresh until decided on`, ...figure(refresh.latencyMs, "ms") },
  ]
}

async function filledPerSecond({ kind, at, name }: Place, bindings: readonly RoleBinding[]): Promise<number> {
  const text = `database: granting 1 M bindings, ${name}`
  progress(text)
  const source = sourceAt(kind, at)
  try {
    const seconds = await fill(source.database, bindings, text)
    // As the server does by itself within a minute.
    if (kind === "postgres") await source.database.read((sql) => sql.all("VACUUM (ANALYZE) portcullis_role_bindings"))
    return bindings.length / seconds
  } finally {
    await source.close()
  }
}

function snapshotRow(seconds: readonly number[]): Row {
  const what = "start of the sidecar until ready, 1 M bindings from its snapshot, PostgreSQL stopped"
  return { part: "database", what, ...figure(seconds, "s"), ...atMost("P14", 3, "s", median(seconds)) }
}
