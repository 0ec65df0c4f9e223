import { readFile, stat } from "node:fs/promises"
import { packFiles, readData, type JsonObject } from "../bundle/index.js"
import { messageOf, PdpError } from "../errors.js"
import { unavailable } from "../model/unavailable.js"
import { fileBundle, mergedDocuments, type BundleFeed } from "../pdp/index.js"
import { watchFiles } from "../source/index.js"
import { opaProgram } from "./opa-program.js"
import { policyFolder, type PolicyFolder } from "./policy-folder.js"
import type { Terminal } from "./terminal.js"

/** A policy of one's own, and what goes with it. */
export interface OwnPolicy {
  /** A folder of Rego, a `.wasm` module, or a bundle. */
  readonly path: string
  /** JSON or YAML documents. */
  readonly data: readonly string[]
  readonly entrypoints: readonly string[]
}

/**
 * A policy of one's own, as a bundle that is made anew whenever a file of it changes.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` for a folder when there is no OPA; `ERR_SOURCE_UNAVAILABLE` when it is not there
 */
export async function policyFeed(policy: OwnPolicy, terminal: Terminal): Promise<BundleFeed> {
  const packed = await policyOf(policy, terminal)
  const file = fileBundle({ path: policy.path })
  return {
    ...file,
    name: `policy ${policy.path}`,
    firstRetryMs: 30_000,
    takesEdits: true,
    read: async (question) => {
      const tag = await tagOf([...(await packed.files()), ...policy.data])
      if (tag === question.have) return { kind: "unchanged" }
      const data = await documentOf(policy.data)
      const rego = await packed.rego?.()
      return { kind: "bundle", bytes: await packed.bytes(question.signal), tag, ...(data && { data }), ...(rego && { rego }) }
    },
    subscribe: (onNews) => {
      const stops = [packed.subscribe(onNews), watchFiles(policy.data, onNews)]
      return () => stops.forEach((stop) => stop())
    },
  }
}

async function policyOf({ path, entrypoints }: OwnPolicy, terminal: Terminal): Promise<PolicyFolder> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unavailable(`cannot read the policy: ${messageOf(cause)}`, "check policy.path or --policy", cause)
  })
  if (found.isDirectory())
    return policyFolder(path, entrypoints, await opaProgram(terminal, `the policy ${path} is a folder of Rego, and compiling it`, elsewhere))
  const subscribe = (onNews: () => void): (() => void) => watchFiles([path], onNews)
  const files = async (): Promise<readonly string[]> => [path]
  if (!path.endsWith(".wasm")) return { files, subscribe, bytes: () => readFile(path) }
  const bytes = async (): Promise<Buffer> => (await packFiles([{ name: "policy.wasm", body: await readFile(path) }], async () => {})).bytes
  return { files, subscribe, bytes }
}

const elsewhere = "build elsewhere with 'opa build -t wasm -e <entrypoint> -o bundle.tar.gz <folder>' and serve the bundle, which needs no OPA"

/** Another text when one of the files is another one. */
async function tagOf(files: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    files.map(async (file) => {
      const { ino, size, mtimeNs } = await stat(file, { bigint: true }).catch((cause: unknown) => {
        throw unavailable(`cannot read ${file}: ${messageOf(cause)}`, "check the path and its rights", cause)
      })
      return `${file}:${ino}-${size}-${mtimeNs}`
    }),
  )
  return parts.join("\n")
}

async function documentOf(files: readonly string[]): Promise<JsonObject | undefined> {
  if (files.length === 0) return undefined
  const documents = await Promise.all(files.map(async (file) => dataIn(file, await readFile(file))))
  return documents.reduce((merged, document) => mergedDocuments(merged, document))
}

function dataIn(file: string, bytes: Uint8Array): JsonObject {
  const value = readData(file, bytes)
  if (isObject(value)) return value
  throw new PdpError("ERR_BUNDLE_INVALID", `${file} holds no object; data begins with names at its root`, { reason: "data_invalid" })
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
