import { hash } from "node:crypto"
import { joinedArchive, type Archive } from "./archive.js"
import { canonicalMembers, canonicalText } from "./canonical-json.js"
import type { BundleFile } from "./data-files.js"
import { sealFile, unsealFile, type SealedFile } from "./sealed-file.js"

/** How many shards there are: one for each value of the first byte of the SHA-256 of a principal, as `bindings/opa.rego` computes it. */
export const shardCount = 256

/** The name of a shard: two hex digits. */
export function shardName(shard: number): string {
  return shard.toString(16).padStart(2, "0")
}

/** The file that holds the bindings of a shard. */
export function shardFileName(shard: number): string {
  return `authz_bindings/${shardName(shard)}/data.json`
}

/** What has become of one principal. */
export interface PrincipalEdit {
  readonly principal: string
  /** True when the principal had bindings before. */
  readonly existed: boolean
  /** `{"workspaces":{…}}`; absent when no binding is left. */
  readonly text?: string
}

/** What has become of one shard. */
export interface ShardEdit {
  readonly shard: number
  readonly hash: string
  /** False when no principal is left. */
  readonly holds: boolean
  readonly principals: readonly PrincipalEdit[]
}

/** One shard, without its contents. */
export type ShardState = Pick<ShardEdit, "hash" | "holds">

/**
 * The bindings as the files of bundles. First `load` and `amend`, then `finish`; from then on `edit` and `pack`. One call at a time.
 * Rows are flat, for a cheap way between threads: principal, workspace, role; and principal, workspace, roles as a JSON array, or nothing.
 */
export interface ShardTable {
  /** Adds bindings. */
  load(rows: readonly string[]): Promise<void>
  /** Says which roles a principal holds in a workspace, whatever was loaded. */
  amend(rows: readonly string[]): Promise<void>
  /** @returns the state of each shard, in order */
  finish(): Promise<readonly ShardState[]>
  /** As `amend`. @returns the shards that are not what they were */
  edit(rows: readonly string[]): Promise<readonly ShardEdit[]>
  /** Packs files and shards into one archive. */
  pack(files: readonly BundleFile[], shards: readonly number[]): Promise<Archive>
  /** Forgets everything. */
  close(): Promise<void>
}

/** By workspace: the roles. */
type Workspaces = Map<string, readonly string[]>
type Principals = Map<string, Workspaces>

/** What {@link shardFile} writes. */
interface ShardDocument {
  readonly principals: Readonly<Record<string, { readonly workspaces: Readonly<Record<string, readonly string[]>> }>>
}

/**
 * A table in this thread. Between calls it holds the shards compressed: some ten bytes a binding.
 *
 * @param pause lets others work; resolves soon
 */
export function shardTable(pause: () => Promise<void>): ShardTable {
  /** By shard, flat rows: what was loaded, and what is said of it after. */
  let loaded: string[][] = []
  let amended: string[] = []
  const texts = new Map<string, string>()
  const sealed: SealedFile[] = []
  const others = new Map<string, SealedFile>()
  const remember = (key: string, file: SealedFile): void => {
    others.delete(key)
    if (file.size > keptBytes) others.set(key, file)
    const [oldest] = others.keys()
    if (others.size > keptFiles && oldest !== undefined) others.delete(oldest)
  }
  const forgetLoaded = (): void => {
    loaded = []
    amended = []
    texts.clear()
  }
  /** Workspaces and roles come over and over again, each time as a text of its own. */
  const shared = (text: string): string => {
    const known = texts.get(text)
    if (known === undefined) texts.set(text, text)
    return known ?? text
  }

  return {
    load: async (rows) => {
      let last = ""
      let ofShard: string[] | undefined
      eachRow(rows, (principal, workspace, role) => {
        if (!ofShard || principal !== last) ofShard = loaded[shardOf((last = principal))] ??= []
        ofShard.push(last, shared(workspace), shared(role))
      })
    },
    amend: async (rows) => {
      amended = amended.concat(rows)
    },
    finish: async () => {
      const states: ShardState[] = []
      const amendments = byShard(amended)
      for (let shard = 0; shard < shardCount; shard++) {
        const principals = principalsOf(loaded[shard] ?? [])
        loaded[shard] = []
        eachRow(amendments.get(shard) ?? [], (principal, workspace, roles) => setRoles(principals, principal, workspace, roles))
        const file = (sealed[shard] = await sealFile(shardFile(shard, principals)))
        states.push({ hash: file.hash, holds: principals.size > 0 })
        await pause()
      }
      forgetLoaded()
      return states
    },
    edit: async (rows) => {
      const edits: ShardEdit[] = []
      for (const [shard, changes] of byShard(rows)) {
        const before = sealed[shard]
        if (!before) throw new RangeError(`no shard ${shard}`)
        const principals = readShard(await unsealFile(before))
        const edited = applied(principals, changes)
        if (edited.length === 0) continue
        const file = (sealed[shard] = await sealFile(shardFile(shard, principals)))
        edits.push({ shard, hash: file.hash, holds: principals.size > 0, principals: edited })
        await pause()
      }
      return edits
    },
    pack: async (files, shards) => {
      const kept = new Map<string, SealedFile>()
      for (const file of files) {
        const key = `${file.name}\n${hash("sha256", file.body, "hex")}`
        kept.set(key, others.get(key) ?? (await sealFile(file)))
      }
      for (const [key, file] of kept) remember(key, file)
      return joinedArchive([...kept.values(), ...shards.flatMap((shard) => sealed[shard] ?? [])], pause)
    },
    close: async () => {
      forgetLoaded()
      sealed.length = 0
      others.clear()
    },
  }
}

const keptFiles = 64
const keptBytes = 1_024

/** The shard of a principal. */
export function shardOf(principal: string): number {
  return Number.parseInt(hash("sha256", principal, "hex").slice(0, 2), 16)
}

function eachRow(rows: readonly string[], take: (principal: string, workspace: string, rest: string) => void): void {
  for (let at = 0; at < rows.length; at += 3) take(rows[at] ?? "", rows[at + 1] ?? "", rows[at + 2] ?? "")
}

function principalsOf(rows: readonly string[]): Principals {
  const principals: Principals = new Map()
  eachRow(rows, (principal, workspace, role) => {
    const workspaces = principals.get(principal)
    if (workspaces) workspaces.set(workspace, [...(workspaces.get(workspace) ?? []), role])
    else principals.set(principal, new Map([[workspace, [role]]]))
  })
  return principals
}

function setRoles(principals: Principals, principal: string, workspace: string, text: string): void {
  const workspaces = principals.get(principal) ?? new Map<string, readonly string[]>()
  if (text === "") workspaces.delete(workspace)
  else workspaces.set(workspace, rolesOf(text))
  if (workspaces.size === 0) principals.delete(principal)
  else principals.set(principal, workspaces)
}

function rolesOf(text: string): readonly string[] {
  const roles: readonly string[] = JSON.parse(text)
  return roles
}

function byShard(rows: readonly string[]): ReadonlyMap<number, readonly string[]> {
  const shards = new Map<number, string[]>()
  eachRow(rows, (principal, workspace, roles) => {
    const shard = shardOf(principal)
    const known = shards.get(shard)
    if (known) known.push(principal, workspace, roles)
    else shards.set(shard, [principal, workspace, roles])
  })
  return shards
}

/** Changes the principals. @returns those that are not what they were */
function applied(principals: Principals, rows: readonly string[]): readonly PrincipalEdit[] {
  const before = new Map<string, string | undefined>()
  eachRow(rows, (principal, workspace, roles) => {
    if (!before.has(principal)) before.set(principal, textOf(principals.get(principal)))
    setRoles(principals, principal, workspace, roles)
  })
  return [...before].flatMap(([principal, was]) => {
    const text = textOf(principals.get(principal))
    return text === was ? [] : [{ principal, existed: was !== undefined, ...(text !== undefined && { text }) }]
  })
}

function textOf(workspaces: Workspaces | undefined): string | undefined {
  return workspaces && principalText(workspaces)
}

function readShard(body: Buffer): Principals {
  const { principals }: ShardDocument = JSON.parse(body.toString())
  return new Map(Object.entries(principals).map(([principal, { workspaces }]) => [principal, new Map(Object.entries(workspaces))]))
}

function shardFile(shard: number, principals: Principals): BundleFile {
  const members = [...principals].map(([principal, workspaces]) => [principal, principalText(workspaces)] as const)
  return { name: shardFileName(shard), body: Buffer.from(`{"principals":${canonicalMembers(members)}}`) }
}

function principalText(workspaces: Workspaces): string {
  const members = [...workspaces].map(([workspace, roles]) => [workspace, `[${[...roles].sort().map(canonicalText).join(",")}]`] as const)
  return `{"workspaces":${canonicalMembers(members)}}`
}
