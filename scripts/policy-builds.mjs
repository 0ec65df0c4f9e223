import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The clone. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** What every profile answers. */
export const entrypoints = ["authz/allow", "authz/allow_many", "authz/allowed", "authz/explain", "authz/has_permissions", "authz/has_role"]

/** Profile → folder of its rules. */
export const profiles = { hardened: "policies/authz", nemo: "policies/nemo" }

/** Where bindings come from: the input's slice, or an external OPA's data. */
export const seams = ["embedded", "opa"]

/**
 * The policy files of one build, tests left out, sorted.
 *
 * @param {keyof typeof profiles} profile
 * @param {string} seam
 */
export function policyFiles(profile, seam) {
  const rules = regoFiles(profiles[profile]).filter((file) => !file.endsWith("_test.rego"))
  return rules.length === 0 ? [] : [...rules, `policies/bindings/${seam}.rego`]
}

/** The Rego files of a folder, relative to the clone, sorted. */
export function regoFiles(folder) {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".rego"))
    .map((name) => `${folder}/${name}`)
    .sort()
}

/** What some policy files answer: the rules of package authz that their metadata call entrypoints, sorted. */
export function entrypointsOf(files) {
  const texts = files.map((file) => readFileSync(join(root, file), "utf8"))
  const rules = texts.flatMap((text) => [...text.matchAll(/^# entrypoint: true\n(?:#.*\n)*(?:default )?(\w+)/gm)].map((match) => `authz/${match[1]}`))
  return [...new Set(rules)].sort()
}
