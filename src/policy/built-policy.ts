import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { z } from "zod"
import { messageOf, PdpError } from "../errors.js"
import { loadWasmPolicy } from "./load-wasm-policy.js"
import type { WasmPolicy } from "./policy.js"

/** Options of {@link loadBuiltPolicy}. */
export interface BuiltPolicyOptions {
  /** Which build: whose rules decide. */
  readonly profile: "hardened" | "nemo"
  /** The `data` document. */
  readonly data: unknown
  /** Ceiling of the policy's memory, in MiB. Default 256. */
  readonly memoryLimitMb?: number
  /** Where `build.json` and the modules are. Default: `policies/build` of this package. */
  readonly folder?: string
}

const Build = z.object({ wasm: z.string(), sha256: z.string(), entrypoints: z.array(z.string()) })
const BuildRecord = z.object({ builds: z.object({ hardened: Build.optional(), nemo: Build.optional() }) })

const packageFolder = fileURLToPath(new URL("../../policies/build/", import.meta.url))
const remedy = "reinstall the package, or run 'npm run build:policies'"

/**
 * Loads one of the product's policies. It must be the very bytes that `build.json` records.
 *
 * @throws {PdpError} `ERR_POLICY_INVALID`
 */
export async function loadBuiltPolicy({ profile, data, memoryLimitMb, folder = packageFolder }: BuiltPolicyOptions): Promise<WasmPolicy> {
  const { wasm: file, sha256, entrypoints } = await readBuild(folder, profile)
  const wasm = await readPart(join(folder, file))
  const found = createHash("sha256").update(wasm).digest("hex")
  if (found !== sha256)
    throw new PdpError("ERR_POLICY_INVALID", `the SHA-256 of ${join(folder, file)} is ${found}, and build.json records ${sha256}; ${remedy}`)
  return loadWasmPolicy({ wasm, data, entrypoints, ...(memoryLimitMb !== undefined && { memoryLimitMb }) })
}

async function readBuild(folder: string, profile: BuiltPolicyOptions["profile"]): Promise<z.infer<typeof Build>> {
  const path = join(folder, "build.json")
  const text = await readPart(path)
  try {
    const build = BuildRecord.parse(JSON.parse(text.toString())).builds[profile]
    if (build) return build
  } catch (cause) {
    throw new PdpError("ERR_POLICY_INVALID", `${path} is not a record of builds (${messageOf(cause)}); ${remedy}`, { cause })
  }
  throw new PdpError("ERR_POLICY_INVALID", `${path} records no build '${profile}'; ${remedy}`)
}

async function readPart(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new PdpError("ERR_POLICY_INVALID", `cannot read ${path} (${messageOf(cause)}); ${remedy}`, { cause })
  }
}
