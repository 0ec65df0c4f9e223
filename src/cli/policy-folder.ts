import { watch } from "node:fs"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { messageOf, PdpError } from "../errors.js"
import { unrefTimers } from "../model/timers.js"
import { OpaFailure, type OpaProgram } from "./opa-program.js"

/** A policy that becomes a bundle. */
export interface PolicyFolder {
  /** What it is made of. */
  files(): Promise<readonly string[]>
  /** The Rego of the policy, by file name. Absent: that is in the bundle, as far as it is known. */
  rego?(): Promise<ReadonlyMap<string, string>>
  /** The bundle. @throws {PdpError} `ERR_POLICY_INVALID` with what OPA says */
  bytes(signal: AbortSignal): Promise<Uint8Array>
  subscribe(onNews: () => void): () => void
}

/** A folder of Rego and data, compiled by OPA. Tests in it are left out. */
export function policyFolder(folder: string, entrypoints: readonly string[], opa: OpaProgram): PolicyFolder {
  const files = async (): Promise<readonly string[]> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && builtFrom.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  }
  return {
    files,
    rego: async () => {
      const policies = (await files()).filter((file) => file.endsWith(".rego") && !file.endsWith("_test.rego"))
      return new Map(await Promise.all(policies.map(async (file) => [file, await readFile(file, "utf8")] as const)))
    },
    bytes: (signal) => built(folder, entrypoints, opa, signal),
    subscribe: (onNews) => watchFolder(folder, onNews),
  }
}

const builtFrom = /\.(?:rego|json|ya?ml)$/
const settleMs = 100

async function built(folder: string, entrypoints: readonly string[], opa: OpaProgram, signal: AbortSignal): Promise<Uint8Array> {
  const place = await mkdtemp(join(tmpdir(), "portcullis-policy-"))
  try {
    const out = join(place, "bundle.tar.gz")
    await opa.run(["build", "-t", "wasm", "--ignore", "*_test.rego", ...entrypoints.flatMap((name) => ["-e", name]), "-o", out, folder], signal)
    return await readFile(out)
  } catch (cause) {
    if (!(cause instanceof OpaFailure)) throw cause
    throw new PdpError("ERR_POLICY_INVALID", `OPA cannot compile ${folder}: ${messageOf(cause)}`, { cause })
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

/** What the watch does not see is found at the next look. */
function watchFolder(folder: string, onNews: () => void): () => void {
  let cancel: (() => void) | undefined
  const tell = (): void => {
    cancel ??= unrefTimers.after(settleMs, () => {
      cancel = undefined
      onNews()
    })
  }
  const watcher = watch(folder, { recursive: true, persistent: false }, tell).on("error", tell)
  return () => {
    watcher.close()
    cancel?.()
  }
}
