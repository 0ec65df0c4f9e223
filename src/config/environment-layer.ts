import { nearest } from "../authorization-data/index.js"
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
  const warnings: string[] = []
  const variables = Object.entries(environment).filter((variable): variable is [string, string] => variable[1] !== undefined && variable[1] !== "")
  for (const [name, text] of variables) {
    const setting = aliases.get(name)
    if (setting) given.set(setting.key, { value: parsed(text, setting), origin: { kind: "env", name } })
    else if (name.startsWith(aliasPrefix))
      warnings.push(`environment variable ${name} is ignored: ${absentSetting(keyOf(name, aliasPrefix, "auth.")) ?? "there is no such setting here"}`)
  }
  for (const [name, text] of variables) {
    const setting = names.get(name)
    if (setting) given.set(setting.key, { value: parsed(text, setting), origin: { kind: "env", name } })
    else if (name.startsWith("PORTCULLIS_") && !ofTheCommandLine.has(name) && !serviceLink.test(name)) issues.push(unknown(name))
  }
  return { given, issues, warnings }
}

const aliasPrefix = "NMP_AUTH_"
const names = new Map([...settings.values()].map((setting) => [environmentName(setting.key), setting]))
const aliases = new Map(
  [...settings.values()]
    .filter(({ key }) => key.startsWith("auth."))
    .map((setting) => [environmentName(setting.key).replace("PORTCULLIS_AUTH__", aliasPrefix), setting]),
)

/** Read by commands, and no settings. */
const ofTheCommandLine = new Set(["PORTCULLIS_CONFIG", "PORTCULLIS_URL", "PORTCULLIS_PRINCIPAL"])

/** Kubernetes sets these in every pod beside a Service named `portcullis`. */
const serviceLink = /^PORTCULLIS_(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT(?:_.*)?)$/

function parsed(text: string, setting: Setting): unknown {
  switch (setting.type) {
    case "integer":
    case "number":
      return /^-?[0-9]+(?:\.[0-9]+)?$/.test(text) ? Number(text) : text
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text
    case "array":
      return text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "")
    case "string":
      return text
  }
}

function keyOf(name: string, prefix: string, group: string): string {
  return `${group}${name.slice(prefix.length).toLowerCase().replaceAll("__", ".")}`
}

function unknown(name: string): ConfigIssue {
  const why = absentSetting(keyOf(name, "PORTCULLIS_", ""))
  if (why !== undefined) return `environment variable ${name} is no setting: ${why}`
  const near = nearest(name, names.keys())
  return `environment variable ${name} is no setting${near ? `; did you mean ${near}?` : "; 'portcullis config reference' lists them"}`
}
