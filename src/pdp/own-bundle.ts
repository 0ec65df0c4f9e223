import { createHash } from "node:crypto"
import { z } from "zod"
import { permissionsByRole, type Role } from "../authorization-data/index.js"
import { regoFiles, type BundleManifest, type UnpackedBundle } from "../bundle/index.js"
import { PdpError } from "../errors.js"
import { firstIssue } from "../model/first-issue.js"
import { loadBuiltPolicy, type WasmPolicy } from "../policy/index.js"
import { invalidData, membersOf, shardOfFile } from "./own-bindings.js"
import type { Profile } from "./pdp.js"

/** What a bundle of Portcullis' own holds beside role bindings: the data for one of the product's policies. */
export interface OwnContents {
  readonly kind: "portcullis"
  readonly policy: WasmPolicy
  /** `data.authz_data`. */
  readonly authzData: unknown
  /** Of `authzData`: 16 hex digits. */
  readonly digest: string
  readonly roles: number
  readonly endpoints: number
  readonly operations: number
  readonly permissionsByRole: ReadonlyMap<string, readonly string[]>
}

/** True for a bundle that Portcullis builds for OPAs, whole. */
export function isOwnBundle({ manifest, wasm }: UnpackedBundle): boolean {
  return wasm.size === 0 && hasOwnRoots(manifest)
}

/** True for the files of role bindings in it, which are read one by one: together they may be big. */
export function isOwnShard(name: string, manifest: BundleManifest, names: ReadonlySet<string>): boolean {
  return shardOfFile(name) !== undefined && hasOwnRoots(manifest) && ![...names].some((other) => other.endsWith("policy.wasm"))
}

function hasOwnRoots({ roots }: BundleManifest): boolean {
  return roots.length === ownRoots.length && ownRoots.every((root) => roots.includes(root))
}

const ownRoots = ["authz", "authz_bindings", "authz_data"]

/**
 * Reads a bundle of our own, but for its role bindings (`bindingPages`). Our compiled policy decides on its data, so its Rego must be that of this version: else this PDP would decide otherwise
 * than the OPAs that run the Rego.
 *
 * @param known what decides now; its policy is kept when the data is the same
 * @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `policy_differs`, `profile_differs` or `data_invalid`; `ERR_POLICY_INVALID`
 */
export async function readOwnBundle(
  { data, rego }: UnpackedBundle,
  profile: Profile,
  memoryLimitMb: number | undefined,
  known: OwnContents | undefined,
): Promise<OwnContents> {
  await assertOurRules(rego, profile)
  const parsed = AuthzData.safeParse(data["authz_data"])
  if (!parsed.success) throw invalidData(`authz_data is not what Portcullis writes: ${firstIssue(parsed.error)}`)
  const authzData = data["authz_data"]
  const digest = createHash("sha256").update(JSON.stringify(authzData)).digest("hex").slice(0, 16)
  // Without any binding it holds an empty object.
  if (membersOf(data["authz_bindings"], "authz_bindings").length > 0)
    throw invalidData("there is more under authz_bindings than the shards that Portcullis writes")
  if (known?.digest === digest) return known
  const policy = await loadBuiltPolicy({ profile, data: { authz_data: authzData }, ...(memoryLimitMb !== undefined && { memoryLimitMb }) })
  const { roles: listed, index } = parsed.data
  const roles = new Map<string, Role>(Object.entries(listed))
  return {
    kind: "portcullis",
    policy,
    authzData,
    digest,
    roles: roles.size,
    endpoints: index.operations.length,
    operations: index.operations.reduce((sum, methods) => sum + Object.keys(methods).length, 0),
    permissionsByRole: permissionsByRole({ roles, endpoints: new Map(), deniedPrefixes: [] }, profile),
  }
}

const texts = z.array(z.string())
const RoleInBundle = z.looseObject({ permissions: texts, includes: texts })
const AuthzData = z.looseObject({
  roles: z.record(z.string(), RoleInBundle),
  index: z.looseObject({ operations: z.array(z.record(z.string(), z.unknown())) }),
})

async function assertOurRules(rego: ReadonlyMap<string, string>, profile: Profile): Promise<void> {
  if (await holdsRules(rego, profile)) return
  const other = profile === "nemo" ? "hardened" : "nemo"
  if (await holdsRules(rego, other))
    throw invalid("profile_differs", `the bundle is of the profile '${other}', and this PDP decides by '${profile}'; choose the same on both sides`)
  throw invalid("policy_differs", "the Rego in the bundle is not that of this version of Portcullis; run the same version where it is built")
}

async function holdsRules(rego: ReadonlyMap<string, string>, profile: Profile): Promise<boolean> {
  const files = await regoFiles(profile)
  return rego.size === files.length && files.every(({ name, body }) => rulesIn(rego.get(name) ?? "") === rulesIn(Buffer.from(body).toString()))
}

/** Comments do not decide. */
function rulesIn(text: string): string {
  return text.replace(/^\s*(?:#.*)?\r?\n/gm, "")
}

function invalid(reason: string, problem: string): PdpError {
  return new PdpError("ERR_BUNDLE_INVALID", problem, { reason })
}
