import { PdpError } from "../errors.js"
import type { RoleBinding } from "../model/role-binding.js"
import type { AuthorizationData } from "./authorization-data.js"
import type { BindingDefinition, DeniedPrefix, Fragment } from "./definition.js"
import { digestOf } from "./digest.js"
import type { AuthorizationDocument } from "./document.js"
import { FindingList, formatFinding, type Finding } from "./finding.js"
import { lintMerged } from "./lint.js"
import { mergeFragments, type MergedDocuments } from "./merge.js"
import { addPublicEndpoints } from "./public-endpoints.js"
import { readBuiltIn, readFragment } from "./read-fragment.js"
import { restrictReferenceEndpoints } from "./reference-restrictions.js"

/** What {@link loadAuthorizationData} reads, and for which rules. */
export interface LoadOptions {
  /** Texts with names, or objects; merged. None: the built-in document. */
  readonly documents: readonly AuthorizationDocument[]
  readonly profile: "hardened" | "nemo"
}

/** Authorization data that holds no error. */
export interface LoadedAuthorizationData {
  readonly data: AuthorizationData
  /** Role bindings that the documents carry: `principals` of a reference document, `bindings` documents. */
  readonly bindings: readonly RoleBinding[]
  /** Warnings. */
  readonly findings: readonly Finding[]
  /** What the hardened profile added to reference documents, one line for each operation; for the log. */
  readonly added: readonly string[]
  /** 16 hex digits; the same for the same data, however it is written and split. */
  readonly digest: string
}

/**
 * Reads, merges and checks authorization data.
 *
 * @throws {PdpError} `ERR_AUTHORIZATION_DATA_INVALID` naming the first 20 errors with file, line and remedy
 */
export function loadAuthorizationData(options: LoadOptions): LoadedAuthorizationData {
  const { merged, added, findings } = assemble(options)
  const errors = findings.filter(({ severity }) => severity === "error")
  if (errors.length > 0) throw invalid(errors)
  const data = toAuthorizationData(merged)
  const bindings = merged.bindings.flatMap(toBindings)
  return { data, bindings, findings, added, digest: digestOf(data) }
}

/** What some documents look like to the lint. */
export interface Lint {
  /** Everything that is wrong, or looks wrong. */
  readonly findings: readonly Finding[]
  /** What the hardened profile adds to reference documents, one line for each operation. */
  readonly added: readonly string[]
  /** The roles by name; undefined when a document could not be read. */
  readonly roles: ReadonlyMap<string, unknown> | undefined
}

/** Looks what is wrong, or looks wrong, in some documents. Never throws for what is in them. */
export function lintAuthorizationData(options: LoadOptions): Lint {
  const { merged, added, findings, isWhole } = assemble(options)
  return { findings, added, roles: isWhole ? merged.roles : undefined }
}

const shownErrors = 20

interface Assembled {
  readonly merged: MergedDocuments
  readonly added: readonly string[]
  readonly findings: readonly Finding[]
  /** False when a document could not be read at all. */
  readonly isWhole: boolean
}

function assemble({ documents, profile }: LoadOptions): Assembled {
  const findings = new FindingList(profile)
  const read = documents.flatMap((document, index) => readFragment(document, index, findings) ?? [])
  const needsBuiltIn =
    read.some(({ extendsBuiltIn }) => extendsBuiltIn) || (read.length === documents.length && read.every(({ format }) => format === "bindings"))
  const builtIn = needsBuiltIn ? readBuiltIn(findings) : undefined
  const merged = mergeFragments(builtIn ? [builtIn, ...read] : read, findings)
  const hardened = profile === "hardened" ? hardenReference(merged, read, findings) : { merged, added: [] }
  lintMerged(hardened.merged, profile, findings)
  return { ...hardened, findings: findings.sorted(), isWhole: read.length === documents.length }
}

function hardenReference(merged: MergedDocuments, fragments: readonly Fragment[], findings: FindingList): Pick<Assembled, "merged" | "added"> {
  const reference = fragments.find(({ format }) => format === "reference")
  if (!reference) return { merged, added: [] }
  const opened = addPublicEndpoints(merged.endpoints, reference.file)
  const restricted = restrictReferenceEndpoints(opened.endpoints, findings)
  const deniedPrefixes = merged.deniedPrefixes.map((prefix) => (isOfReference(prefix, fragments) ? withoutTrailingSlash(prefix, findings) : prefix))
  return { merged: { ...merged, endpoints: restricted.endpoints, deniedPrefixes }, added: [...opened.added, ...restricted.added] }
}

function isOfReference({ file }: DeniedPrefix, fragments: readonly Fragment[]): boolean {
  return fragments.some((fragment) => fragment.format === "reference" && fragment.file === file)
}

/** In the reference a prefix with a slash at its end denies itself only; here it denies what lies under it, as it was meant. */
function withoutTrailingSlash(denied: DeniedPrefix, findings: FindingList): DeniedPrefix {
  const prefix = denied.prefix.replace(/\/+$/, "")
  if (prefix === denied.prefix || prefix === "") return denied
  findings.warn(
    "malformed-prefix",
    denied,
    `denied prefix '${denied.prefix}' ends with a slash; everything under '${prefix}' is denied`,
    `write '${prefix}'`,
  )
  return { ...denied, prefix }
}

function toBindings({ principal, workspace, roles, expiresAt }: BindingDefinition): readonly RoleBinding[] {
  return roles.map(({ text: role }) => ({ principal, workspace, role, ...(expiresAt !== undefined && { expires_at: expiresAt }) }))
}

function toAuthorizationData(merged: MergedDocuments): AuthorizationData {
  return {
    roles: new Map(
      [...merged.roles].map(([name, { description, includes, permissions }]) => [
        name,
        {
          ...(description !== undefined && { description }),
          permissions: [...new Set(permissions.map(({ text }) => text))],
          includes: [...new Set(includes.map(({ text }) => text))],
        },
      ]),
    ),
    endpoints: new Map(
      [...merged.endpoints].map(([template, { operations }]) => [
        template,
        new Map([...operations].map(([method, { operation }]) => [method, operation])),
      ]),
    ),
    deniedPrefixes: merged.deniedPrefixes.map(({ prefix }) => prefix),
  }
}

function invalid(errors: readonly Finding[]): PdpError {
  const more = errors.length > shownErrors ? [`and ${errors.length - shownErrors} more`] : []
  const lines = [...errors.slice(0, shownErrors).map(formatFinding), ...more]
  return new PdpError("ERR_AUTHORIZATION_DATA_INVALID", `the authorization data has ${errors.length} error(s):\n${lines.join("\n")}`)
}
