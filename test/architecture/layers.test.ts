import { describe, expect, it } from "vitest"
import { codeOf, filesBelow, sources, type Import, type Source } from "./sources.js"

const rows: readonly (readonly string[])[] = [
  ["errors"],
  ["model"],
  ["telemetry"],
  ["database", "outgoing"],
  ["authorization-data", "policy", "store", "source", "bundle", "authn", "login", "decision-log", "fleet"],
  ["pdp"],
  ["administration", "opa", "middleware", "gateway"],
  ["server"],
  ["config"],
  ["doctor"],
  ["cli"],
]
const all = sources()
const rowOf = (layer: string): number => rows.findIndex((row) => row.includes(layer))
const surface = "index"

describe("layers", () => {
  it("all have a row", () => {
    expect([...new Set(all.map(({ layer }) => layer))].filter((layer) => layer !== surface && rowOf(layer) < 0)).toEqual([])
  })

  it("import downwards only, and no sibling but source the types of store", () => {
    const upwards = all.flatMap((file) =>
      file.imports.filter((one) => !mayImport(file, one)).map(({ specifier }) => `${file.path} imports ${specifier}`),
    )
    expect(upwards).toEqual([])
  })

  it("leave opa-wasm to src/policy", () => {
    expect(importersOf("@open-policy-agent/opa-wasm").filter((path) => !path.startsWith("src/policy/"))).toEqual([])
  })

  it("leave the command line's packages to src/cli", () => {
    expect(importersOf("commander").filter((path) => !path.startsWith("src/cli/"))).toEqual([])
  })

  it("leave HTTP to src/server, and asking others to src/outgoing, types aside", () => {
    const serving = ["hono", "@hono/node-server"].flatMap(importersOf).filter((path) => path !== "src/middleware/hono.ts")
    const asking = ["node:http", "node:https"].flatMap(importersOf).filter((path) => !/^src\/(?:outgoing|middleware|source\/http-)/.test(path))
    expect([...serving, ...asking].filter((path) => !path.startsWith("src/server/"))).toEqual([])
  })

  it("leave env, argv and exit to src/cli", () => {
    const reading = all.filter(({ layer, text }) => layer !== "cli" && touchesProcess(text))
    expect(reading.map(({ path }) => path)).toEqual([])
  })

  it.each([
    "process.env",
    "process . argv",
    "process?.exit(1)",
    'process["env"]',
    "globalThis.process.env",
    "const { env } = process",
    "const it = process",
    "run(process)",
    'import { env } from "node:process"',
    'import process from "process"',
    'import * as it from "node:process"',
    'export { env } from "node:process"',
    'await import("node:process")',
    'require("process")',
  ])("see through %s", (text) => {
    expect(touchesProcess(text)).toBe(true)
  })

  it.each([
    "process.pid",
    "process.memoryUsage.rss()",
    "process.versions.node",
    "// process.env",
    "processes(1)",
    'import { a } from "./process.js"',
  ])("let %s pass", (text) => {
    expect(touchesProcess(text)).toBe(false)
  })
})

describe("files", () => {
  it("named index.ts re-export and hold no code", () => {
    const indexes = all.filter(({ path }) => path.endsWith("/index.ts"))
    const code = indexes.map(({ path, text }) => ({
      path,
      rest: text.replace(/^export (?:type )?(?:\{[^}]*\}|\*) from "[^"]+"$/gm, "").replace(/\/\*[\s\S]*?\*\//g, ""),
    }))
    expect(code.filter(({ rest }) => rest.trim() !== "").map(({ path }) => path)).toEqual([])
  })

  it("have 300 lines at most", () => {
    expect(all.filter(({ text }) => text.split("\n").length > 301).map(({ path }) => path)).toEqual([])
  })

  it("hold no `any`, no type assertion but `as const`, no default export", () => {
    const offending = all.flatMap(({ path, text }) =>
      [...codeOf(text).matchAll(/(?::\s*|<)any\b|^export default|[\w)\]}] as (?!const\b)[A-Z{"]\w*/gm)]
        .filter(([match]) => !/^\* as |import/.test(match))
        .map(([match]) => `${path}: ${match}`),
    )
    expect(offending).toEqual([])
  })

  it("and what they declare avoid the words that have a better name here", () => {
    const names = all.flatMap(({ path, text }) => [path.replace(/\.ts$/, ""), ...declaredNames(text)].map((name) => ({ path, name })))
    expect(names.filter(({ name }) => banned(name)).map(({ path, name }) => `${path}: ${name}`)).toEqual([])
  })
})

it("every test belongs to a project that runs", () => {
  const folders = /^test\/(?:unit|architecture|contract|integration|differential|real|conformance)\//
  expect(filesBelow("test").filter((path) => path.endsWith(".test.ts") && !folders.test(path))).toEqual([])
})

/** Looks at more of the process than its numbers. */
function touchesProcess(text: string): boolean {
  if (/\b(?:from|import|require)\s*\(?\s*["'](?:node:)?process["']/.test(text)) return true
  const code = codeOf(text.replace(/\[\s*["'](\w+)["']\s*\]/g, ".$1"))
  return /\bprocess\s*\??\.\s*(?:env|argv|exit|exitCode)\b|[=(,]\s*(?:globalThis\s*\.\s*)?process\s*(?:[,;)}\]]|$)/m.test(code)
}

function mayImport(file: Source, { layer, isType }: Import): boolean {
  if (layer === undefined || file.layer === surface || layer === file.layer) return true
  if (file.layer === "source" && layer === "store") return isType
  return rowOf(layer) < rowOf(file.layer)
}

function importersOf(name: string): readonly string[] {
  return all.filter(({ imports }) => imports.some(({ specifier }) => specifier === name || specifier.startsWith(`${name}/`))).map(({ path }) => path)
}

function declaredNames(text: string): readonly string[] {
  const declared = codeOf(text).matchAll(/\b(?:function|class|interface|type|const|let)\s+([A-Za-z_$][\w$]*)/g)
  return [...declared].map(([, name]) => name ?? "")
}

const bannedWords = new Set(
  "user users subject subjects grant membership tenant namespace manager engine handler helper helpers util utils common".split(" "),
)

function banned(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase())
  // To grant a role is what an administrator does; "a grant" is what a role binding is not called.
  const nouns = words[0] === "grant" ? words.slice(1) : words
  return nouns.some((word) => bannedWords.has(word)) || (words.length > 1 && /Service$|-service$/.test(name) && !/^(?:is|as)[A-Z]/.test(name))
}
