import { z } from "zod"
import type { Revision } from "../model/revision.js"
import type { Sql } from "./database.js"

const Head = z.object({ epoch: z.string(), sequence: z.number() })

/** The last revision that has been committed. @param lock `FOR UPDATE`, to keep it until the end of the transaction */
export async function readHead(sql: Sql, lock = ""): Promise<Revision> {
  const [row] = await sql.all(`SELECT epoch, sequence FROM portcullis_meta WHERE id = 1 ${lock}`)
  return Head.parse(row)
}
