import { createHash, hash } from "node:crypto"
import { z } from "zod"
import { permissionsByRole, type Role } from "../authorization-data/index.js"
import { readData, regoFiles, type BundleManifest, type UnpackedBundle } from "../bundle/index.js"
import { PdpError } from "../errors.js"
import { RoleBinding } from "../model/role-binding.js"
import { loadBuiltPolicy, type WasmPolicy } from "../policy/index.js"
import { isPlainBinding } from "../source/index.js"
import type { Profile } from "./pdp.js"

/** What a bundle of Portcullis' own holds: the data for one of the product's policies. */
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
  /** Checked as they are read. @throws {PdpError} `ERR_BUNDLE_INVALID` */
  readonly bindings: () => Iterable<readonly RoleBinding[]>
}

/** True for a bundle that Portcullis builds for OPAs, whole. */
export function isOwnBundle({ manifest, wasm }: UnpackedBundle): boolean {
  return wasm.size === 0 && hasOwnRoots(manifest)
}

/** True for the files of role bindings in it, which are read one by one: together they may be big. */
export function isOwnShard(name: string, manifest: BundleManifest, names: ReadonlySet<string>): boolean {
  return shardFile.test(name) && hasOwnRoots(manifest) && ![...names].some((other) => other.endsWith("policy.wasm"))
}

function hasOwnRoots({ roots }: BundleManifest): boolean {
  return roots.length === ownRoots.length && ownRoots.every((root) => roots.includes(root))
}

const shardFile = /^authz_bindings\/([0-9a-f]{2})\/data\.json$/

const ownRoots = ["authz", "authz_bindings", "authz_data"]

/**
 * Reads a bundle of our own. Our compiled policy decides on its data, so its Rego must be that of this version: else this PDP would decide otherwise
 * than the OPAs that run the Rego.
 *
 * @param known what decides now; its policy is kept when the data is the same
 * @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `policy_differs`, `profile_differs` or `data_invalid`; `ERR_POLICY_INVALID`
 */
export async function readOwnBundle(
  { data, rego, files }: UnpackedBundle,
  profile: Profile,
  memoryLimitMb: number | undefined,
  known: OwnContents | undefined,
): Promise<OwnContents> {
  await assertOurRules(rego, profile)
  const parsed = AuthzData.safeParse(data["authz_data"])
  if (!parsed.success)
    throw invalid("data_invalid", `authz_data is not what Portcullis writes: ${z.prettifyError(parsed.error).replace(/\s+/g, " ")}`)
  const authzData = data["authz_data"]
  const digest = createHash("sha256").update(JSON.stringify(authzData)).digest("hex").slice(0, 16)
  // Without any binding it holds an empty object.
  if (membersOf(data["authz_bindings"], "authz_bindings").length > 0)
    throw invalid("data_invalid", "there is more under authz_bindings than the shards that Portcullis writes")
  const bindings = (): Iterable<readonly RoleBinding[]> => pagesOf(files)
  if (known?.digest === digest) return { ...known, bindings }
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
    bindings,
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

const pageSize = 1_000

function* pagesOf(files: ReadonlyMap<string, Uint8Array>): Generator<readonly RoleBinding[]> {
  let page: RoleBinding[] = []
  for (const [name, bytes] of files) {
    const shard = shardFile.exec(name)?.[1]
    if (shard === undefined) continue
    for (const binding of bindingsIn(readData(name, bytes), shard)) {
      if (page.push(binding) < pageSize) continue
      yield page
      page = []
    }
  }
  if (page.length > 0) yield page
}

function* bindingsIn(content: unknown, shard: string): Generator<RoleBinding> {
  const place = `authz_bindings/${shard}`
  for (const [principal, held] of membersOf(memberOf(content, "principals"), place)) {
    // An OPA would not find it elsewhere.
    if (hash("sha256", principal, "hex").slice(0, 2) !== shard)
      throw invalid("data_invalid", `${place} holds a principal that is looked for in another shard`)
    for (const [workspace, roles] of membersOf(memberOf(held, "workspaces"), place)) {
      if (!Array.isArray(roles)) throw invalid("data_invalid", `roles in ${place} are no list`)
      for (const role of roles) yield checked({ principal, workspace, role }, shard)
    }
  }
}

function checked(row: RoleBinding, shard: string): RoleBinding {
  if (isPlainBinding(row)) return row
  const parsed = RoleBinding.safeParse(row)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw invalid("data_invalid", `a role binding in authz_bindings/${shard}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "is wrong"}`)
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
}

function membersOf(value: unknown, place: string): readonly (readonly [string, unknown])[] {
  if (value === undefined) return []
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return Object.entries(value)
  throw invalid("data_invalid", `what is at ${place} is no object`)
}

function invalid(reason: string, problem: string): PdpError {
  return new PdpError("ERR_BUNDLE_INVALID", problem, { reason })
}
