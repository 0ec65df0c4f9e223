import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { z } from "zod"

/**
 * Runs a compiled script in a process of its own, with clean memory and cold code, and reads the JSON that it prints.
 *
 * @param script its URL
 */
export async function probed<Schema extends z.ZodType>(script: URL, args: readonly string[], schema: Schema): Promise<z.infer<Schema>> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", fileURLToPath(script), ...args])
  return schema.parse(JSON.parse(stdout))
}
