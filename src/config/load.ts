import { readFileSync } from "node:fs"
import { basename, dirname, resolve } from "node:path"
import { messageOf, PdpError } from "../errors.js"
import { addressFlaws } from "./address-flaws.js"
import { bundleFlaws } from "./bundle-config.js"
import { bundleSourceFlaws } from "./bundle-source-config.js"
import { environmentLayer, type Environment } from "./environment-layer.js"
import { fileLayer } from "./file-layer.js"
import type { Flaw } from "./flaw.js"
import { gatewayFlaws } from "./gateway-flaws.js"
import { formatOrigin, type ConfigIssue, type Given, type Layer, type Origin } from "./given.js"
import { identityFlaws, identityOddities } from "./identity-flaws.js"
import { opaFlaws } from "./opa-config.js"
import { Config } from "./schema.js"
import { settings, type Setting } from "./setting.js"
import { storeFlaws } from "./store-config.js"
import { originOf, placeIn, valueIssues } from "./value-issues.js"

/** Where {@link loadConfig} looks. */
export interface ConfigInputs {
  /** The `--config` flag; without it `PORTCULLIS_CONFIG`; without both, no file. */
  readonly file?: string
  readonly environment?: Environment
  /** By key: the value as the schema wants it, and the flag's name. */
  readonly flags?: ReadonlyMap<string, { readonly value: unknown; readonly flag: string }>
  /** What paths from environment and flags are relative to. */
  readonly workingFolder: string
}

/** One value of the configuration and where it was set. */
export interface ConfigValue {
  readonly setting: Setting
  /** `undefined` when nothing sets it and it has no default. Paths are absolute. */
  readonly value: unknown
  readonly origin: Origin
}

/** A valid configuration, with the origin of each value. */
export interface LoadedConfig {
  readonly config: Config
  readonly values: readonly ConfigValue[]
  /** What is ignored, and what most likely was not meant, and why. */
  readonly warnings: readonly string[]
}

/**
 * Reads the configuration: defaults, overridden by the file, by the environment, by flags.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming everything that is wrong, a line each
 */
export function loadConfig(inputs: ConfigInputs): LoadedConfig {
  const environment = inputs.environment ?? {}
  const named = inputs.file ?? (environment["PORTCULLIS_CONFIG"] || undefined)
  const file = named === undefined ? undefined : resolve(inputs.workingFolder, named)
  const layers = [file === undefined ? empty : readLayer(file), environmentLayer(environment), flagLayer(inputs.flags)]
  const given = new Map(layers.flatMap((layer) => [...layer.given]))
  const base = { file: file === undefined ? inputs.workingFolder : dirname(file), other: inputs.workingFolder }
  const checked = [...settings.values()].map((setting) => check(setting, given.get(setting.key), base))
  const values = checked.map(({ value }) => value)
  const config = Config.parse(nested(values))
  const contradictions = flawsOf(config, checked).map((flaw) => placed(flaw, given))
  const issues = [...layers.flatMap((layer) => layer.issues), ...checked.flatMap((one) => one.issues), ...contradictions]
  if (issues.length > 0) throw invalid(issues)
  const oddities = identityOddities(config).map((oddity) => placed(oddity, given))
  return { config, values, warnings: [...layers.flatMap((layer) => layer.warnings), ...oddities] }
}

const empty: Layer = { given: new Map(), issues: [], warnings: [] }

function readLayer(file: string): Layer {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch (cause) {
    throw new PdpError("ERR_CONFIG_INVALID", `cannot read the configuration file ${file}: ${messageOf(cause)}`, { cause })
  }
  return fileLayer(text, basename(file))
}

function flagLayer(flags: ConfigInputs["flags"]): Layer {
  const given = [...(flags ?? [])].map(([key, { value, flag }]): [string, Given] => [key, { value, origin: { kind: "flag", name: flag } }])
  return { ...empty, given: new Map(given) }
}

interface Checked {
  readonly value: ConfigValue
  readonly issues: readonly ConfigIssue[]
}

function check(setting: Setting, given: Given | undefined, base: { readonly file: string; readonly other: string }): Checked {
  const origin: Origin = given?.origin ?? { kind: "default" }
  const parsed = setting.schema.safeParse(given?.value)
  if (!parsed.success)
    return { value: { setting, value: undefined, origin }, issues: valueIssues(setting, given ?? { value: undefined, origin }, parsed.error) }
  const folder = origin.kind === "file" ? base.file : base.other
  const value = setting.isPath ? absolute(parsed.data, folder) : withAbsoluteMembers(setting, parsed.data, folder)
  return { value: { setting, value, origin }, issues: [] }
}

/** Members of objects in lists may be paths, too. */
function withAbsoluteMembers({ members }: Setting, value: unknown, folder: string): unknown {
  const paths = new Set(members.filter(({ isPath }) => isPath).map(({ name }) => name))
  if (paths.size === 0 || !Array.isArray(value)) return value
  return value.map((item: unknown) =>
    typeof item === "object" && item !== null
      ? Object.fromEntries(Object.entries(item).map(([name, inner]: [string, unknown]) => [name, paths.has(name) ? absolute(inner, folder) : inner]))
      : item,
  )
}

function absolute(value: unknown, folder: string): unknown {
  if (typeof value === "string") return resolve(folder, value)
  return Array.isArray(value) ? value.map((item) => absolute(item, folder)) : value
}

/** Values that are right alone and wrong together. What is wrong alone is taken as not set, so nothing is said about identity while a value of it is wrong. */
function flawsOf(config: Config, checked: readonly Checked[]): readonly Flaw[] {
  const { policy, bundle_source: source } = config
  const isIdentityClear = checked.every(({ value, issues }) => issues.length === 0 || !ofIdentity.test(value.setting.key))
  return [
    ...storeFlaws(config.store),
    ...addressFlaws(config),
    ...bundleSourceFlaws(config.bundle_source, config.policy),
    ...bundleFlaws(config.bundle),
    ...opaFlaws(config.opa, config.decision_log, {
      isOwn: policy.path !== undefined,
      isBundle: source.url !== undefined || source.file !== undefined,
    }),
    ...(isIdentityClear ? [...identityFlaws(config), ...gatewayFlaws(config)] : []),
  ]
}

const ofIdentity = /^(?:auth|server|trusted_peers|peer_secret_file)\b/

function placed({ key, path = [], problem }: Flaw, given: ReadonlyMap<string, Given>): ConfigIssue {
  const origin = originOf(given.get(key) ?? { value: undefined, origin: { kind: "default" } }, path)
  return `${formatOrigin(origin)}: ${placeIn(key, path)} ${problem}`
}

type Tree = Map<string, unknown>

function nested(values: readonly ConfigValue[]): unknown {
  const root: Tree = new Map()
  for (const { setting, value } of values) {
    const groups = setting.key.split(".")
    const name = groups.pop() ?? ""
    groups.reduce(groupIn, root).set(name, value)
  }
  return plain(root)
}

function groupIn(tree: Tree, name: string): Tree {
  const found = tree.get(name)
  if (found instanceof Map) return found
  const group: Tree = new Map()
  tree.set(name, group)
  return group
}

function plain(value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries([...value].map(([key, inner]) => [key, plain(inner)])) : value
}

function invalid(issues: readonly ConfigIssue[]): PdpError {
  const head = issues.length === 1 ? "the configuration is not valid" : `the configuration is not valid (${issues.length} problems)`
  return new PdpError("ERR_CONFIG_INVALID", [head, ...issues].join("\n  "))
}
