import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

/** One source file below `src`. */
export interface Source {
  /** For example `src/pdp/authorize.ts`. */
  readonly path: string
  /** The layer: the folder below `src`, `errors`, or `index` for the library's surface. */
  readonly layer: string
  readonly text: string
  readonly imports: readonly Import[]
}

/** One import or re-export. */
export interface Import {
  readonly specifier: string
  readonly isType: boolean
  /** The layer of a relative one. */
  readonly layer?: string
}

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Every file below a folder, relative to the clone. */
export function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)))
}

/** Every TypeScript file below `src`. */
export function sources(): readonly Source[] {
  return filesBelow("src")
    .filter((path) => path.endsWith(".ts"))
    .map((path) => {
      const text = readFileSync(join(root, path), "utf8")
      return { path, text, layer: layerOf(path), imports: importsOf(path, text) }
    })
}

/** The code without comments and without what stands in quotes. */
export function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"/g, " ")
}

function importsOf(path: string, text: string): readonly Import[] {
  const found = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^;"']*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm)
  return [...found].map(([, type, named, dynamic]) => {
    const specifier = named ?? dynamic ?? ""
    const target = join(dirname(path), specifier)
    return { specifier, isType: type !== undefined, ...(specifier.startsWith(".") && { layer: layerOf(target) }) }
  })
}

function layerOf(path: string): string {
  return (path.split("/")[1] ?? "").replace(/\.[jt]s$/, "")
}
