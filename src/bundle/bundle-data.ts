import { setImmediate as nextTurn } from "node:timers/promises"
import { messageOf, PdpError } from "../errors.js"
import { stringEnd } from "./canonical-json.js"
import { mostDepth } from "./file-hash.js"
import { assertModest } from "./data-bounds.js"
import { parseYaml } from "./parse-yaml.js"
import type { RootTree } from "./root-tree.js"
import { utf8Text } from "./utf8-text.js"

/** A JSON object; its members are its own, whatever they are called. */
export type JsonObject = Readonly<Record<string, unknown>>

/** True for `data.json`, `data.yaml` and `data.yml` in any folder. */
export function isDataFile(name: string): boolean {
  return /(?:^|\/)data\.(?:json|yaml|yml)$/.test(name)
}

/**
 * The data of a bundle: that of each file at the path of its folder. Others get a turn between files.
 *
 * @throws {PdpError} `ERR_BUNDLE_INVALID` when a file is malformed, holds what JavaScript cannot, lies outside the roots, or says what another one says
 */
export async function mergedData(files: ReadonlyMap<string, Uint8Array>, roots: RootTree): Promise<JsonObject> {
  const data = emptyObject()
  assertModest([...files].filter(([name]) => isDataFile(name)))
  for (const [name, bytes] of files) {
    if (!isDataFile(name)) continue
    const path = name.split("/").slice(0, -1)
    const value = readData(name, bytes)
    assertUnderRoots(value, path, roots, name)
    insert(data, path, value, name)
    if (bytes.length > bytesPerTurn) await nextTurn()
  }
  return data
}

/**
 * Reads the JSON or YAML of a data file.
 *
 * @throws {PdpError} `ERR_BUNDLE_INVALID`
 */
export function readData(name: string, bytes: Uint8Array): unknown {
  assertModest([[name, bytes]])
  const value = parsed(name, utf8Text(name, bytes))
  assertPlain(value, name, 0)
  return value
}

const bytesPerTurn = 65_536

type MutableObject = Record<string, unknown>

function parsed(name: string, text: string): unknown {
  try {
    if (/\d{16}/.test(text)) assertExact(name, text)
    return name.endsWith(".json") ? JSON.parse(text) : parseYaml(text)
  } catch (cause) {
    if (cause instanceof PdpError) throw cause
    throw invalid(`${name} is not ${name.endsWith(".json") ? "JSON" : "YAML"}: ${messageOf(cause)}`, cause)
  }
}

/** Two numbers that are rounded to the same one would be taken for each other. */
function assertExact(name: string, text: string): void {
  const digits = name.endsWith(".json") ? roundedInJson(text) : roundedIn(parseYaml(text, { intAsBigInt: true }))
  if (digits !== undefined) throw invalid(`${name} holds ${digits.slice(0, 40)}, which would be rounded; write it as a text`)
}

function roundedInJson(text: string): string | undefined {
  const marks = /"|(?<![\d.])-?\d{16,}(?![\d.eE])/g
  for (let found = marks.exec(text); found; found = marks.exec(text)) {
    const [mark] = found
    if (mark !== '"' && !Number.isSafeInteger(Number(mark))) return mark
    if (mark === '"') marks.lastIndex = stringEnd(text, marks.lastIndex) || text.length
  }
  return undefined
}

function roundedIn(value: unknown): string | undefined {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? undefined : String(value)
  if (typeof value !== "object" || value === null) return undefined
  for (const member of Object.values(value)) {
    const found = roundedIn(member)
    if (found !== undefined) return found
  }
  return undefined
}

function assertPlain(value: unknown, name: string, depth: number): void {
  if (typeof value === "number" && !Number.isFinite(value)) throw invalid(`${name} holds a number beyond the range of a double`)
  if (typeof value !== "object" || value === null) return
  if (depth >= mostDepth) throw invalid(`${name} is nested deeper than ${mostDepth}`)
  for (const member of Array.isArray(value) ? value : Object.values(value)) assertPlain(member, name, depth + 1)
}

/** Data may lie at or below a root; above one there may be objects that lead to it. */
function assertUnderRoots(value: unknown, path: readonly string[], roots: RootTree, name: string): void {
  if (roots.covers(path)) return
  if (!isObject(value) || !roots.leadsOn(path))
    throw new PdpError(
      "ERR_BUNDLE_INVALID",
      `manifest roots [${roots.shown}] do not permit data at path '/${path.join("/")}' in ${name}; move it, or list its root`,
      { reason: "outside_roots" },
    )
  for (const [key, member] of Object.entries(value)) assertUnderRoots(member, [...path, key], roots, name)
}

function insert(data: MutableObject, path: readonly string[], value: unknown, name: string): void {
  let parent = data
  for (const [at, segment] of path.entries()) {
    if (at === path.length - 1 && !isObject(value)) {
      if (Object.hasOwn(parent, segment)) throw conflict(name, path)
      return setMember(parent, segment, value)
    }
    if (!Object.hasOwn(parent, segment)) setMember(parent, segment, emptyObject())
    const child = parent[segment]
    if (!isObject(child)) throw conflict(name, path.slice(0, at + 1))
    parent = child
  }
  if (!isObject(value)) throw invalid(`${name} must hold an object`)
  merge(parent, value, name, path)
}

/** What comes from JSON is nobody else's, and is taken as it is; in YAML an alias may stand for the same object several times. */
function merge(target: MutableObject, source: MutableObject, name: string, path: readonly string[]): void {
  for (const [key, member] of Object.entries(source)) {
    const known = Object.hasOwn(target, key) ? target[key] : undefined
    if (known === undefined) setMember(target, key, isObject(member) && !name.endsWith(".json") ? copied(member, name) : member)
    else if (isObject(known) && isObject(member)) merge(known, member, name, [...path, key])
    else throw conflict(name, [...path, key])
  }
}

function copied(value: MutableObject, name: string): MutableObject {
  const copy = emptyObject()
  merge(copy, value, name, [])
  return copy
}

function emptyObject(): MutableObject {
  return {}
}

function setMember(object: MutableObject, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
}

function isObject(value: unknown): value is MutableObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function conflict(name: string, path: readonly string[]): PdpError {
  return new PdpError("ERR_BUNDLE_INVALID", `${name} and another file both say what is at '/${path.join("/")}'; say it once`, {
    reason: "data_conflict",
  })
}

function invalid(problem: string, cause?: unknown): PdpError {
  return new PdpError("ERR_BUNDLE_INVALID", problem, { reason: "data_invalid", ...(cause !== undefined && { cause }) })
}
