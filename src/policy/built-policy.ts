import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { z } from "zod"
import { messageOf, PdpError } from "../errors.js"
import { loadWasmPolicy, type WasmPolicy } from "./wasm-policy.js"

/** Options of {@link loadBuiltPolicy}. */
export interface BuiltPolicyOptions {
  readonly profile: "hardened" | "nemo"
  readonly data: unknown
  readonly memoryLimitMb?: number
  /** Where `build.json` and the modules are. Default: `policies/build` of the package. */
  readonly folder?: string
}

const BuildRecord = z.object({
  builds: z.record(z.string(), z.object({ wasm: z.string(), sha256: z.string(), entrypoints: z.array(z.string()) })),
})

const packageFolder = fileURLToPath(new URL("../../policies/build/", import.meta.url))

/**
 * Loads one of the product's policies, which must be the very bytes that `build.json` records.
 *
 * @throws {PdpError} `ERR_POLICY_INVALID`
 */
export async function loadBuiltPolicy({ profile, data, memoryLimitMb, folder = packageFolder }: BuiltPolicyOptions): Promise<WasmPolicy> {
  const build = await readRecord(folder, profile)
  const wasm = await read(`${folder}/${build.wasm}`)
  const sha256 = createHash("sha256").update(wasm).digest("hex")
  if (sha256 !== build.sha256)
    throw new PdpError("ERR_POLICY_INVALID", `${build.wasm} is not what build.json records (SHA-256 ${sha256}); reinstall, or run \`npm run build:policies\``)
  return loadWasmPolicy({ wasm, data, entrypoints: build.entrypoints, ...(memoryLimitMb && { memoryLimitMb }) })
}

async function readRecord(folder: string, profile: string): Promise<z.infer<typeof BuildRecord>["builds"][string]> {
  const text = await read(`${folder}/build.json`)
  try {
    const build = BuildRecord.parse(JSON.parse(text.toString())).builds[profile]
    if (build) return build
    throw new Error(`it has no build '${profile}'`)
  } catch (cause) {
    throw new PdpError("ERR_POLICY_INVALID", `${folder}/build.json cannot be used: ${messageOf(cause)}; run \`npm run build:policies\``, { cause })
  }
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new PdpError("ERR_POLICY_INVALID", `cannot read ${path} (${messageOf(cause)}); reinstall, or run \`npm run build:policies\``, { cause })
  }
}
