import type { Command } from "commander"
import type { Config } from "../config/index.js"
import { collect, configuredBy } from "./config-options.js"
import { configuredDatabase, parseStore, type DatabaseConfig, type NamedDatabase } from "./configured-database.js"
import type { Terminal } from "./terminal.js"

/** What the flags of {@link withDatabaseOptions} parse to. */
export interface DatabaseOptions {
  readonly config?: string
  readonly store?: DatabaseConfig
  readonly data?: readonly string[]
}

/** Adds the flags that name a database. */
export function withDatabaseOptions(command: Command): Command {
  return command
    .option("-c, --config <file>", "configuration file whose store is meant (also PORTCULLIS_CONFIG)")
    .option("--store <database>", "the database instead: sqlite:PATH or postgres://user@host/database", parseStore)
}

/** Adds `--data`. */
export function withRolesOptions(command: Command): Command {
  return command.option("-d, --data <file>", "authorization data that define the roles; repeatable", collect)
}

/** The configuration, and the database that flags and configuration name. @throws {PdpError} `ERR_CONFIG_INVALID` */
export function namedDatabase(
  { config: file, store, data }: DatabaseOptions,
  terminal: Terminal,
): { readonly config: Config; readonly named: NamedDatabase } {
  const flags = { ...(file !== undefined && { config: file }), ...(data && { data: [...data] }) }
  const { config } = configuredBy(flags, terminal)
  return {
    config,
    named: configuredDatabase(store ? { ...config.store, path: undefined, url: undefined, ...store } : config.store, terminal.workingFolder),
  }
}
