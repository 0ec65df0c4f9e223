import { z } from "zod"
import { PdpError } from "../errors.js"
import { newEpoch } from "../model/revision.js"
import type { Sql } from "./database.js"
import { metaTable, migrations } from "./schema.js"

/**
 * Brings a database to the newest schema; an empty one gets it whole. The caller holds a lock and a transaction.
 *
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when a newer Portcullis has written it
 */
export async function migrate(sql: Sql, name: string, epoch: string = newEpoch()): Promise<void> {
  await sql.all(metaTable)
  await sql.all(
    `INSERT INTO portcullis_meta (id, epoch, sequence, schema_version, policy_digest, authorization_data_digest)
     VALUES (1, ?, 0, 0, '', '') ON CONFLICT (id) DO NOTHING`,
    epoch,
  )
  const version = await schemaVersion(sql)
  if (version > migrations.length)
    throw new PdpError(
      "ERR_SOURCE_UNAVAILABLE",
      `${name} has schema ${version}, and this Portcullis knows none after ${migrations.length}; run a newer Portcullis on it`,
    )
  for (const step of migrations.slice(version)) for (const statement of step) await sql.all(statement)
  if (version < migrations.length) await sql.all("UPDATE portcullis_meta SET schema_version = ?", migrations.length)
}

/** True when there is nothing to migrate. The table with the version must be there. */
export async function isCurrent(sql: Sql): Promise<boolean> {
  return (await schemaVersion(sql)) === migrations.length
}

async function schemaVersion(sql: Sql): Promise<number> {
  return Version.parse((await sql.all("SELECT schema_version FROM portcullis_meta"))[0]).schema_version
}

const Version = z.object({ schema_version: z.number() })
