import { z } from "zod"
import type { Flaw } from "./flaw.js"

/** Where role bindings are kept. */
export const StoreConfig = z.strictObject({
  source: z
    .enum(["sqlite", "postgres", "file", "http", "memory"])
    .optional()
    .describe(
      "Where role bindings are kept. `sqlite` and `postgres` can be written to. Without it: `postgres` or `http` by `store.url`, `file` when `store.path` ends like a file of bindings, " +
        "`memory` when the authorization data brings bindings, else `sqlite`.",
    ),
  path: z.string().min(1).optional().meta({
    description: "The file of the SQLite database (default `portcullis.db`), or of the role bindings (YAML, JSON or NDJSON), which is watched.",
    path: true,
  }),
  url: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "`postgres://…` of the database, or `https://…` of the role bindings (JSON or NDJSON).", secret: true }),
  headers_file: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "A file with headers to send to `store.url`, one `Name: value` a line; read again for each request.", path: true }),
  import: z.array(z.string().min(1)).default([]).meta({ description: "Files of role bindings that a new database takes over, once.", path: true }),
  snapshot: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "A file that keeps the last known role bindings: they decide when the source does not answer at the start.", path: true }),
  snapshot_seconds: z.number().min(1).max(86_400).default(60).describe("Seconds between two writes of the snapshot, at least."),
})
export type StoreConfig = Readonly<z.infer<typeof StoreConfig>>

/** One of the kinds of `store.source`. */
export type StoreKind = NonNullable<StoreConfig["source"]>

/** The kind of store that is meant. @param documented true when the authorization data bring bindings of their own */
export function storeKind({ source, path, url }: StoreConfig, documented: boolean): StoreKind {
  if (source) return source
  if (url !== undefined) return isPostgres(url) ? "postgres" : "http"
  if (path !== undefined) return bindingsFile.test(path) ? "file" : "sqlite"
  return documented ? "memory" : "sqlite"
}

/** Values that are right alone and wrong together. */
export function storeFlaws(store: StoreConfig): readonly Flaw[] {
  const { source, path, url } = store
  const kind = storeKind(store, true)
  const flaws: Flaw[] = []
  if (source === "file" && path === undefined)
    flaws.push({ key: "store.source", problem: "'file' without store.path; name the file of role bindings there" })
  if ((source === "postgres" || source === "http") && url === undefined)
    flaws.push({ key: "store.source", problem: `'${source}' without store.url; write the URL there` })
  if (kind === "postgres" && url !== undefined && !isPostgres(url))
    flaws.push({ key: "store.url", problem: "is no URL of PostgreSQL; write one such as postgres://user@host/database" })
  if (path !== undefined && kind !== "file" && kind !== "sqlite")
    flaws.push({ key: "store.path", problem: `is set, but store.source is '${kind}'; leave one of the two out` })
  if (url !== undefined && kind !== "postgres" && kind !== "http")
    flaws.push({ key: "store.url", problem: `is set, but store.source is '${kind}'; leave one of the two out` })
  if (store.headers_file !== undefined && kind !== "http") flaws.push({ key: "store.headers_file", problem: "is for store.source 'http' only" })
  if (store.import.length > 0 && kind !== "sqlite" && kind !== "postgres" && (source !== undefined || path !== undefined || url !== undefined))
    flaws.push({ key: "store.import", problem: `needs a database, and store.source is '${kind}'` })
  return flaws
}

const bindingsFile = /\.(?:ya?ml|json|ndjson|jsonl)$/i

function isPostgres(url: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(url)
}
