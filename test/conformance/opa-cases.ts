import { readFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"

interface Sets {
  readonly set: boolean
  readonly at: Readonly<Record<string, Sets>>
}
const Sets: z.ZodType<Sets> = z.lazy(() => z.object({ set: z.boolean(), at: z.record(z.string(), Sets) }))

const OpaCase = z.object({
  version: z.enum(["v0", "v1"]),
  file: z.string(),
  note: z.string(),
  entrypoint: z.string(),
  binding: z.string().optional(),
  data: z.unknown().optional(),
  input: z.string().optional(),
  result: z.array(z.record(z.string(), z.unknown())).optional(),
  errorCode: z.string().optional(),
  strict: z.boolean().optional(),
  sorted: z.boolean().optional(),
  sets: z.record(z.string(), Sets).optional(),
  pieces: z.array(z.number()).optional(),
  failure: z.string().optional(),
})

/** One of OPA's conformance cases, as `compile-cases` writes it. */
export type OpaCase = z.infer<typeof OpaCase>

/** Where sets are in an answer. */
export type { Sets }

/** All cases of a folder, and the module of each. */
export function readOpaCases(folder: string): { readonly cases: readonly OpaCase[]; readonly moduleOf: (one: OpaCase) => Uint8Array } {
  const cases = z.array(OpaCase).parse(JSON.parse(readFileSync(join(folder, "cases.json"), "utf8")))
  const modules = readFileSync(join(folder, "modules.bin"))
  const moduleOf = ({ pieces = [] }: OpaCase): Uint8Array =>
    Buffer.concat(Array.from({ length: pieces.length / 2 }, (_, index) => modules.subarray(pieces[index * 2], pieces[index * 2 + 1])))
  return { cases, moduleOf }
}
