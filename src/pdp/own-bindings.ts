import { hash } from "node:crypto"
import { readData, type UnpackedBundle } from "../bundle/index.js"
import { PdpError } from "../errors.js"
import { RoleBinding } from "../model/role-binding.js"
import { isPlainBinding } from "../source/index.js"

/** The shard whose file this is; undefined: it is another file. */
export function shardOfFile(name: string): string | undefined {
  return shardFile.exec(name)?.[1]
}

const shardFile = /^authz_bindings\/([0-9a-f]{2})\/data\.json$/

/** The shard in which a principal is looked for. An OPA would not find it elsewhere. */
export function shardOfPrincipal(principal: string): string {
  return hash("sha256", principal, "hex").slice(0, 2)
}

const pageSize = 1_000

/**
 * The role bindings in the shards of a bundle, checked as they are read.
 *
 * @param met called once for each principal in each shard
 * @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `data_invalid`
 */
export function* bindingPages(files: UnpackedBundle["files"], met: (shard: string, principal: string) => void): Generator<readonly RoleBinding[]> {
  let page: RoleBinding[] = []
  for (const [name, bytes] of files) {
    const shard = shardOfFile(name)
    if (shard === undefined) continue
    for (const binding of shardBindings(name, bytes, shard, (principal) => met(shard, principal))) {
      if (page.push(binding) < pageSize) continue
      yield page
      page = []
    }
  }
  if (page.length > 0) yield page
}

/** The role bindings in the file of one shard, those of a principal in a row. @param met called once for each principal @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `data_invalid` */
export function* shardBindings(name: string, bytes: Uint8Array, shard: string, met: (principal: string) => void): Generator<RoleBinding> {
  const place = `authz_bindings/${shard}`
  for (const [principal, held] of membersOf(memberOf(readData(name, bytes), "principals"), place)) {
    if (shardOfPrincipal(principal) !== shard) throw invalidData(`${place} holds a principal that is looked for in another shard`)
    met(principal)
    yield* principalBindings(principal, held, shard)
  }
}

/** What a principal holds, as a shard says it. @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `data_invalid` */
export function* principalBindings(principal: string, held: unknown, shard: string): Generator<RoleBinding> {
  const place = `authz_bindings/${shard}`
  for (const [workspace, roles] of membersOf(memberOf(held, "workspaces"), place)) {
    if (!Array.isArray(roles)) throw invalidData(`roles in ${place} are no list`)
    for (const role of roles) yield checked({ principal, workspace, role }, place)
  }
}

/** The members of an object; none when it is not there. @throws {PdpError} `ERR_BUNDLE_INVALID` with the reason `data_invalid` for what is none */
export function membersOf(value: unknown, place: string): readonly (readonly [string, unknown])[] {
  if (value === undefined) return []
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return Object.entries(value)
  throw invalidData(`what is at ${place} is no object`)
}

/** A bundle whose data is not what Portcullis writes. */
export function invalidData(problem: string): PdpError {
  return new PdpError("ERR_BUNDLE_INVALID", problem, { reason: "data_invalid" })
}

function checked(row: RoleBinding, place: string): RoleBinding {
  if (isPlainBinding(row)) return row
  const parsed = RoleBinding.safeParse(row)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw invalidData(`a role binding in ${place}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "is wrong"}`)
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
}
