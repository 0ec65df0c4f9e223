import { Option, type Command } from "commander"
import { z } from "zod"
import { loadConfig, type LoadedConfig } from "../config/index.js"
import type { Terminal } from "./terminal.js"

/** What the flags of {@link withDataOptions} and {@link withServerOptions} parse to. */
export const ConfigFlags = z.object({
  config: z.string().optional(),
  data: z.array(z.string()).optional(),
  bindings: z.string().optional(),
  profile: z.string().optional(),
  listen: z.string().optional(),
  healthListen: z.string().optional(),
  insecureBehindProxy: z.boolean().optional(),
  logLevel: z.string().optional(),
  bundle: z.string().optional(),
  policy: z.string().optional(),
  entrypoint: z.array(z.string()).optional(),
})
export type ConfigFlags = Readonly<z.infer<typeof ConfigFlags>>

/** Adds the flags that say what a sidecar decides on. */
export function withDataOptions(command: Command): Command {
  return withFiles(command, "role bindings, watched")
}

/** Adds the flags that say what one command decides on. */
export function withLocalDataOptions(command: Command): Command {
  return withFiles(command, "role bindings")
}

function withFiles(command: Command, bindings: string): Command {
  return command
    .option("-c, --config <file>", "configuration file (also PORTCULLIS_CONFIG)")
    .option("-d, --data <file>", "authorization data: roles and endpoints; repeatable", collect)
    .option("-b, --bindings <file>", bindings)
    .addOption(new Option("--profile <profile>", "which rules decide").choices(["hardened", "nemo"]))
}

/** Adds the flags by which a bundle or a policy of one's own decides instead. */
export function withPolicyOptions(command: Command): Command {
  return command
    .option("--bundle <url|file>", "decide on a bundle: of another Portcullis, or with policies compiled to WASM")
    .option("--policy <path>", "decide by a policy of your own: a folder of Rego (needs OPA), a .wasm module, or a bundle; --data is its data then")
    .option("-e, --entrypoint <path>", "what the policy can be asked, such as todo/allow; repeatable", collect)
}

/** Adds the flags that say how it is served. */
export function withServerOptions(command: Command): Command {
  return command
    .option("-l, --listen <place>", "where the decision API listens: HOST:PORT, or unix:/PATH of a socket")
    .option("--health-listen <host:port>", "a second listener with health and metrics only")
    .option("--insecure-behind-proxy", "speak plain http beyond loopback: a proxy ends TLS, and nobody else can connect")
    .option("--log-level <level>", "least severe level that is logged")
}

/** Collects a repeatable option. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

/** Collects a repeatable option that takes several values, separated by commas. */
export function collectList(value: string, before: readonly string[] | undefined): readonly string[] {
  const values = value.split(",").map((part) => part.trim())
  return [...(before ?? []), ...values.filter((part) => part !== "")]
}

/** A file of bindings instead of any other store. */
function fileStore(path: string | undefined): readonly (readonly [string, unknown, string])[] {
  if (path === undefined) return []
  const store = { source: "file", path, import: [] }
  return Object.entries(store).map(([name, value]) => [`store.${name}`, value, "--bindings"])
}

/** The configuration with flags on top. @throws {PdpError} `ERR_CONFIG_INVALID` */
export function configuredBy(flags: ConfigFlags, terminal: Terminal): LoadedConfig {
  const set: (readonly [string, unknown, string])[] = [
    [flags.policy === undefined ? "data" : "policy.data", flags.data, "--data"],
    ...fileStore(flags.bindings),
    [isUrl(flags.bundle) ? "bundle_source.url" : "bundle_source.file", flags.bundle, "--bundle"],
    ["policy.path", flags.policy, "--policy"],
    ["policy.entrypoints", flags.entrypoint, "--entrypoint"],
    ["profile", flags.profile, "--profile"],
    ["server.listen", flags.listen, "--listen"],
    ["server.health_listen", flags.healthListen, "--health-listen"],
    ["server.insecure_behind_proxy", flags.insecureBehindProxy, "--insecure-behind-proxy"],
    ["log.level", flags.logLevel, "--log-level"],
  ]
  const given = set.filter(([, value]) => value !== undefined)
  const loaded = loadConfig({
    ...(flags.config !== undefined && { file: flags.config }),
    environment: terminal.environment,
    workingFolder: terminal.workingFolder,
    flags: new Map(given.map(([key, value, flag]) => [key, { value, flag }])),
  })
  for (const warning of loaded.warnings) terminal.err(`portcullis: ${warning}\n`)
  return loaded
}

function isUrl(text: string | undefined): boolean {
  return text !== undefined && /^[a-z][a-z\d+.-]*:\/\//i.test(text)
}
