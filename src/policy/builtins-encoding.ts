import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import { isYaml, parsedYaml, yamlText } from "./yaml-text.js"
import { attempt, BuiltinError, objectIn, textIn, type OpaBuiltin, type OpaBuiltins } from "./opa-builtin.js"
import { compareStrings, isArray, isObject, isSet, memberOf, objectOf, type Term } from "./term.js"
import { keyText, markupSafeJson } from "./term-text.js"

/** Builtins that write values in another form, and digests of them. Binary values are handled as UTF-8: other bytes become U+FFFD. */
export const encodingBuiltins: OpaBuiltins = {
  "hex.encode": (text) => Buffer.from(textIn(text)).toString("hex"),
  "hex.decode": (text) => {
    if (!/^(?:[\da-f]{2})*$/i.test(textIn(text))) throw new BuiltinError("not hexadecimal")
    return Buffer.from(textIn(text), "hex").toString()
  },
  "base64url.encode_no_pad": (text) => Buffer.from(textIn(text)).toString("base64url"),
  "urlquery.encode": (text) => queryEscaped(textIn(text)),
  "urlquery.decode": (text) => queryUnescaped(textIn(text)),
  "urlquery.encode_object": (object) => encodedObject(object),
  "urlquery.decode_object": (query) => decodedObject(textIn(query)),
  "json.is_valid": (text) => typeof text === "string" && isJson(text),
  "json.marshal_with_options": (value, options) => marshalled(value, objectIn(options)),
  "yaml.is_valid": (text) => typeof text === "string" && isYaml(text),
  "yaml.unmarshal": (text) => parsedYaml(textIn(text)),
  "yaml.marshal": (value) => yamlText(value ?? null),
  "crypto.md5": digest("md5"),
  "crypto.sha1": digest("sha1"),
  "crypto.sha256": digest("sha256"),
  "crypto.hmac.md5": keyedDigest("md5"),
  "crypto.hmac.sha1": keyedDigest("sha1"),
  "crypto.hmac.sha256": keyedDigest("sha256"),
  "crypto.hmac.sha512": keyedDigest("sha512"),
  "crypto.hmac.equal": (a, b) => areEqual(Buffer.from(textIn(a)), Buffer.from(textIn(b))),
}

/** As Go's `url.QueryEscape`. */
export function queryEscaped(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll("%20", "+")
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function queryUnescaped(text: string): string {
  return attempt(() => decodeURIComponent(text.replaceAll("+", " ")))
}

function encodedObject(object: Term | undefined): string {
  const members = [...objectIn(object)].map(([key, member]) => [keyText(key), member] as const).sort(([a], [b]) => compareStrings(a, b))
  const pairs = members.flatMap(([key, member]) => {
    const values = isArray(member) ? member : member instanceof Set ? [...member] : [member]
    return values.map((value: Term) => `${queryEscaped(key)}=${queryEscaped(textIn(value))}`)
  })
  return pairs.join("&")
}

function decodedObject(query: string): Term {
  if (query.includes(";")) throw new BuiltinError("invalid semicolon separator in query")
  const found = new Map<string, string[]>()
  for (const pair of query.split("&").filter((part) => part !== "")) {
    const cut = pair.includes("=") ? pair.indexOf("=") : pair.length
    const key = queryUnescaped(pair.slice(0, cut))
    found.set(key, [...(found.get(key) ?? []), queryUnescaped(pair.slice(cut + 1))])
  }
  return objectOf(found)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function marshalled(value: Term, options: ReturnType<typeof objectIn>): string {
  const prefix = textIn(memberOf(options, "prefix") ?? "")
  const indent = textIn(memberOf(options, "indent") ?? "\t")
  for (const name of options.keys())
    if (!["prefix", "indent", "pretty"].includes(String(name))) throw new BuiltinError(`unknown option ${String(name)}`)
  const pretty = memberOf(options, "pretty")
  if (pretty !== undefined && typeof pretty !== "boolean") throw new BuiltinError("pretty must be a boolean")
  const isPretty = pretty ?? (options.has("prefix") || options.has("indent"))
  const json = markupSafeJson(value)
  return isPretty ? prefix + indented(value, indent, `\n${prefix}`) : json
}

function indented(value: Term, indent: string, line: string): string {
  const inside = line + indent
  const items = isArray(value) ? value : isSet(value) ? [...value] : undefined
  if (items && items.length > 0) return `[${inside}${items.map((item) => indented(item, indent, inside)).join(`,${inside}`)}${line}]`
  if (!isObject(value) || value.size === 0) return markupSafeJson(value)
  const members = [...value].map(([key, member]) => `${markupSafeJson(keyText(key))}: ${indented(member, indent, inside)}`)
  return `{${inside}${members.join(`,${inside}`)}${line}}`
}

function digest(algorithm: string): OpaBuiltin {
  return (text) => createHash(algorithm).update(textIn(text)).digest("hex")
}

function keyedDigest(algorithm: string): OpaBuiltin {
  return (text, key) => createHmac(algorithm, textIn(key)).update(textIn(text)).digest("hex")
}

function areEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
