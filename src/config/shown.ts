import type { ConfigValue } from "./load.js"

/** A value for people: what is secret, and what is secret in addresses, hidden; `undefined` when nothing sets it. */
export function shownValue({ setting, value }: ConfigValue): unknown {
  if (value === undefined) return undefined
  return setting.isSecret ? hidden : withoutSecrets(value)
}

/** A configuration without its secrets, one object per feature, with defaults, and without what nothing sets. */
export function shownConfiguration(values: readonly ConfigValue[]): Readonly<Record<string, unknown>> {
  return values.reduce<Readonly<Record<string, unknown>>>((shown, value) => {
    const text = shownValue(value)
    return text === undefined ? shown : withMember(shown, value.setting.key.split("."), text)
  }, {})
}

const hidden = "(hidden)"

function withMember(group: object, [name = "", ...rest]: readonly string[], value: unknown): Readonly<Record<string, unknown>> {
  if (rest.length === 0) return { ...group, [name]: value }
  const inner: unknown = Reflect.get(group, name)
  return { ...group, [name]: withMember(Object(inner), rest, value) }
}

function withoutSecrets(value: unknown): unknown {
  if (typeof value === "string") return withoutCredentials(value)
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutSecrets(inner)]))
}

/** Of an address: not its name and password, and not its query. */
function withoutCredentials(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text
  return text.replace(/\/\/[^/?#]*@/, `//${hidden}@`).replace(/\?.*/s, `?${hidden}`)
}
