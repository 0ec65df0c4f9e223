import { isIPv6 } from "node:net"

/** The parts of a URI as `uri.parse` names them; empty where there is none. */
export interface UriParts {
  readonly scheme: string
  readonly hostname: string
  readonly port: string
  readonly path: string
  readonly raw_path: string
  readonly raw_query: string
  readonly fragment: string
}

/** Takes a URI or a relative reference apart as Go's `url.Parse` does; `undefined` for what that refuses. */
export function uriParts(text: string): UriParts | undefined {
  if (/[\u0000-\u001f\u007f]/.test(text)) return undefined
  const [beforeFragment, rawFragment = ""] = cut(text, "#")
  const fragment = unescaped(rawFragment, /[^]/)
  const [, scheme = "", rest = ""] = /^(?:([A-Za-z][A-Za-z\d+.-]*):)?([^]*)$/.exec(beforeFragment) ?? []
  if (fragment === undefined || (scheme === "" && beforeFragment.startsWith(":"))) return undefined
  const [hierarchy, rawQuery = ""] = cut(rest, "?")
  const base = { scheme: scheme.toLowerCase(), raw_query: rawQuery, fragment }
  if (scheme !== "" && !hierarchy.startsWith("/")) return { ...base, hostname: "", port: "", path: "", raw_path: "" }
  if (scheme === "" && /^[^/]*:/.test(hierarchy)) return undefined
  const isAuthority = hierarchy.startsWith("//") && !(scheme === "" && hierarchy.startsWith("///"))
  const [, authority = "", rawPath = ""] = isAuthority ? (/^\/\/([^/]*)([^]*)$/.exec(hierarchy) ?? []) : ["", "", hierarchy]
  const host = hostParts(authority, base.scheme)
  const path = unescaped(rawPath, /[^]/)
  return host === undefined || path === undefined
    ? undefined
    : { ...base, ...host, path, raw_path: isDefaultEncoding(rawPath, path) ? path : rawPath }
}

function cut(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

/** `undefined` for a malformed escape, or one that stands for what may not be escaped. */
function unescaped(text: string, allowed: RegExp): string | undefined {
  if (/%(?![\da-f]{2})/i.test(text)) return undefined
  const bytes = text.replace(/(?:%[\da-f]{2})+/gi, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString())
  const escapes = text.match(/%[\da-f]{2}/gi) ?? []
  return escapes.every((escape) => allowed.test(escape)) ? bytes : undefined
}

function hostParts(authority: string, scheme: string): Pick<UriParts, "hostname" | "port"> | undefined {
  const at = authority.lastIndexOf("@")
  const account = authority.slice(0, Math.max(at, 0))
  if (!/^(?:[\w.~!$&'()*+,;=:@-]|%[\da-f]{2})*$/i.test(account)) return undefined
  const host = authority.slice(at + 1)
  const [, name, port = ""] = hostPattern(host, scheme).exec(host) ?? []
  if (name === undefined || !/^(?:[\w.~!$&'()*+,;=:\]<>"-]|%[\da-f]{2}|[\u0080-\u{10ffff}])*$/iu.test(name)) return undefined
  if (host.startsWith("[") && !isIPv6(name.replace("%25", "%"))) return undefined
  const hostname = unescaped(name, host.startsWith("[") ? /%25/ : /%[89a-f]/i)
  return hostname === undefined ? undefined : { hostname, port }
}

/** Brackets hold IPv6 addresses. Only where the scheme is not HTTP may there be more colons. */
function hostPattern(host: string, scheme: string): RegExp {
  if (host.startsWith("[")) return /^\[([^\]]*)\](?::(\d*))?$/
  return scheme === "http" || scheme === "https" ? /^([^:]*)(?::(\d*))?$/ : /^(.*?)(?::(\d*))?$/s
}

/** Whether Go would write the path that way itself. */
function isDefaultEncoding(raw: string, path: string): boolean {
  const escaped = encodeURIComponent(path.toWellFormed())
    .replace(/%(?:24|26|2B|2C|2F|3A|3B|3D|40)/g, decodeURIComponent)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
  return raw === escaped
}
