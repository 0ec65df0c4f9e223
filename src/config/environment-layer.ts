import { messageOf } from "../errors.js"
import { scanJson } from "../model/json-scanner.js"
import { nearest } from "../model/nearest.js"
import { absentSetting } from "./absent-setting.js"
import type { ConfigIssue, Given, Layer } from "./given.js"
import { environmentName, settings, type Setting } from "./setting.js"

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * What environment variables set: `PORTCULLIS_SERVER__LISTEN`, lists separated by commas, an empty variable sets nothing.
 * `NMP_AUTH_*`, the names of the reference, are aliases below `auth`; those that Portcullis does not know are warnings, not issues.
 */
export function environmentLayer(environment: Environment): Layer {
  const given = new Map<string, Given>()
  const issues: ConfigIssue[] = []
  const variables = new Map(
    Object.entries(environment).filter((variable): variable is [string, string] => variable[1] !== undefined && variable[1] !== ""),
  )
  for (const names of weakestFirst) {
    for (const [name, setting] of names) {
      const text = variables.get(name)
      if (text === undefined) continue
      const read = parsed(text, setting)
      if ("problem" in read) issues.push(`env ${name}: ${setting.key} ${read.problem}; it takes: ${setting.takes}`)
      else given.set(setting.key, { value: read.value, origin: { kind: "env", name } })
    }
  }
  const unknown = [...variables.keys()].filter((name) => !weakestFirst.some((names) => names.has(name)))
  issues.push(...unknown.filter(isMeantForUs).map(unknownName))
  return { given, issues, warnings: unknown.filter((name) => name.startsWith(aliasPrefix)).map(ignoredAlias) }
}

const aliasPrefix = "NMP_AUTH_"
const names = new Map([...settings.values()].map((setting) => [environmentName(setting.key), setting]))
const aliases = new Map(
  [...names]
    .filter(([, { key }]) => key.startsWith("auth."))
    .map(([name, setting]): [string, Setting] => [name.replace("PORTCULLIS_AUTH__", aliasPrefix), setting]),
)
/** The reference's own documentation has two underscores between the parts of a name, some of its versions read one. */
const flatAliases = new Map([...aliases].map(([name, setting]): [string, Setting] => [name.replaceAll("__", "_"), setting]))
const weakestFirst: readonly ReadonlyMap<string, Setting>[] = [flatAliases, aliases, names]

/** Read by commands, or by the OPAs whose configuration `bundle opa-config` prints, and no settings. */
const ofTheCommandLine = new Set([
  "PORTCULLIS_CONFIG",
  "PORTCULLIS_URL",
  "PORTCULLIS_PRINCIPAL",
  "PORTCULLIS_TOKEN",
  "PORTCULLIS_BUNDLE_TOKEN",
  "PORTCULLIS_OIDC_USERNAME",
  "PORTCULLIS_OIDC_PASSWORD",
])

/** Kubernetes sets these in every pod beside a Service named `portcullis`. */
const serviceLink = /^PORTCULLIS_(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT(?:_.*)?)$/

function isMeantForUs(name: string): boolean {
  return name.startsWith("PORTCULLIS_") && !ofTheCommandLine.has(name) && !serviceLink.test(name)
}

type Read = { readonly value: unknown } | { readonly problem: string }

function parsed(text: string, setting: Setting): Read {
  switch (setting.type) {
    case "integer":
    case "number":
      return { value: /^-?[0-9]+(?:\.[0-9]+)?$/.test(text) ? Number(text) : text }
    case "boolean":
      return { value: text === "true" ? true : text === "false" ? false : text }
    case "array":
      if (setting.members.length > 0 && text.trimStart().startsWith("[")) return json(text)
      return {
        value: text
          .split(",")
          .map((part) => part.trim())
          .filter((part) => part !== ""),
      }
    case "object":
      return text.trimStart().startsWith("{") ? json(text) : named(text)
    case "string":
      return { value: text }
  }
}

function json(text: string): Read {
  try {
    const value: unknown = JSON.parse(text)
    const finding = scanJson(Buffer.from(text), { depth: 8, keys: 100 })
    return finding ? { problem: `holds ${finding.problem}` } : { value }
  } catch (thrown) {
    return { problem: `begins with '${text.trimStart().charAt(0)}' and is not JSON: ${messageOf(thrown)}` }
  }
}

/** `region=west,stage=test` */
function named(text: string): Read {
  const pairs = text.split(",").map((pair) => pair.split(/=(.*)/s, 2).map((part) => part.trim()))
  const wrong = pairs.findIndex(([name, value]) => !name || value === undefined)
  if (wrong >= 0) return { problem: `holds no name and value at place ${wrong + 1}; write name=value` }
  const twice = pairs.find(([name], at) => pairs.findIndex(([other]) => other === name) < at)
  return twice ? { problem: `names '${twice[0]}' twice; leave one of the two out` } : { value: Object.fromEntries(pairs) }
}

function keyOf(name: string, prefix: string, group: string): string {
  return `${group}${name.slice(prefix.length).toLowerCase().replaceAll("__", ".")}`
}

function ignoredAlias(name: string): string {
  return `environment variable ${name} is ignored: ${absentSetting(keyOf(name, aliasPrefix, "auth.")) ?? "there is no such setting here"}`
}

function unknownName(name: string): ConfigIssue {
  const why = absentSetting(keyOf(name, "PORTCULLIS_", ""))
  if (why !== undefined) return `environment variable ${name} is no setting: ${why}`
  const near = nearest(name, names.keys())
  return `environment variable ${name} is no setting${near ? `; did you mean ${near}?` : "; 'portcullis config reference' lists them"}`
}
