/** What this folder uses of the package; its own types leave everything open. */
declare module "libsql" {
  interface Statement {
    readonly reader: boolean
    all(...values: (string | number | null)[]): Readonly<Record<string, unknown>>[]
    run(...values: (string | number | null)[]): unknown
  }

  export default class Database {
    constructor(path: string, options?: { readonly timeout?: number })
    prepare(sql: string): Statement
    exec(sql: string): unknown
    close(): void
  }
}
