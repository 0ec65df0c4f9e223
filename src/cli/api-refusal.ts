import { z } from "zod"
import type { Operation } from "../administration/index.js"
import { PdpError, type PdpErrorCode } from "../errors.js"
import { proposed, type ApiTarget } from "./api-options.js"
import { parsedJson } from "../model/parsed-json.js"
import { printable } from "../model/printable.js"
import { hintsForCredentials, hintsForScopes } from "./credential-hints.js"
import { identityHeaders } from "./identity.js"
import { whoAmI, withoutRefresh, type Caller } from "./who-am-i.js"

/** What a sidecar did not do: its own words, and below them what to do next. `details` is the body. */
export async function refusal(target: ApiTarget, { path }: Operation, status: number, text: string): Promise<PdpError> {
  const body = bodyOf(text)
  if (!body)
    return new PdpError(
      codeFor(status),
      `${target.url}${path} answered ${status} and not JSON: ${printable(text.slice(0, 200))}\nIs it a Portcullis sidecar?`,
    )
  const told = isLoginless(target) ? withoutRefresh(body) : body
  const hints = await hintsFor(target, segmentsOf(path), status, body)
  return new PdpError(codeFor(status), [shownDetail(status, told), ...hints].join("\n"), { reason: body.code, details: body })
}

/** Whether there is no login that could be refreshed. */
function isLoginless({ identity }: ApiTarget): boolean {
  return identity.kind === "token" && identity.source === "PORTCULLIS_TOKEN"
}

/** The stable name of a refusal, when the body has one. */
export function codeIn(text: string): string | undefined {
  return bodyOf(text)?.code
}

const shown = z.string().transform((text) => printable(text))
const Body = z.looseObject({ detail: shown, code: shown.optional() })
type Body = z.infer<typeof Body>

const codes: ReadonlyMap<number, PdpErrorCode> = new Map<number, PdpErrorCode>([
  [400, "ERR_INPUT_INVALID"],
  [401, "ERR_UNAUTHENTICATED"],
  [403, "ERR_DENIED"],
  [404, "ERR_NOT_FOUND"],
  [409, "ERR_CONFLICT"],
  [413, "ERR_TOO_LARGE"],
  [422, "ERR_INPUT_INVALID"],
])

function codeFor(status: number): PdpErrorCode {
  return codes.get(status) ?? "ERR_SOURCE_UNAVAILABLE"
}

/** Every 401 has its own page in the documentation, by its code. */
function shownDetail(status: number, { detail, code }: Body): string {
  return status === 401 && code !== undefined && !detail.includes(code) ? `${code}: ${detail}` : detail
}

async function hintsFor(target: ApiTarget, [workspace, kind]: readonly string[], status: number, body: Body): Promise<readonly string[]> {
  if (status === 401 || body.code === "idp_unavailable") return hintsForCredentials(target, body.code)
  if (status === 403) return hintsForDenial(target, workspace, body)
  if (status === 409 && body.code === "last_admin") return hintsForLastAdmin(target, body)
  if (status !== 404 || workspace === undefined) return []
  if (kind === "members" && body.detail.startsWith("Member '"))
    return ["This lists the members:", `  ${proposed(target, "workspaces", "members", "list", "--workspace", workspace)}`]
  return body.detail.startsWith("Workspace '") ? ["This lists the workspaces that you may read:", `  ${proposed(target, "workspaces", "list")}`] : []
}

const Denied = z.object({
  workspace: shown.optional(),
  reasons: z.array(shown).default([]),
  roles: z.array(shown).min(1).optional(),
  missing_permissions: z.array(shown).default([]),
  required_scopes: z.array(shown).default([]),
})

async function hintsForDenial(target: ApiTarget, place: string | undefined, body: Body): Promise<readonly string[]> {
  const caller = await callerOf(target)
  const { data } = Denied.safeParse(body)
  const scopes =
    body.code === "scope_missing" || data?.reasons.includes("scope_missing") ? hintsForScopes(target, caller, data?.required_scopes ?? []) : []
  const who = caller?.principal
  if (!data || data.workspace === undefined || (!data.roles && data.missing_permissions.length === 0))
    return [
      ...(who === undefined ? [] : [printable(`You asked as '${who}'${also(caller)}.`)]),
      ...scopes,
      ...hintsForRoles(target, place, [body.code, ...(data?.reasons ?? [])]),
    ]
  const { workspace, roles } = data
  const make = ["workspaces", "members", "create", "--workspace", workspace, "--principal", caller?.email ?? who ?? "<principal>"] as const
  return [
    roles
      ? `In workspace '${workspace}' one of these roles would do: ${roles.join(", ")}.`
      : `A role that holds ${data.missing_permissions.join(", ")} in workspace '${workspace}' would do.`,
    "Somebody who may grant it there runs",
    `  ${proposed({ flags: [] }, ...make, "--roles", roles?.[0] ?? "<role>")}`,
    ...scopes,
  ]
}

/** Where a caller is told no more than that a role is due, the reason may be another one: a name that nearly is the right one. */
function hintsForRoles(target: ApiTarget, place: string | undefined, reasons: readonly (string | undefined)[]): readonly string[] {
  if (place === undefined || (!reasons.includes("role_missing") && !reasons.includes("role_insufficient"))) return []
  return [
    "This looks for the cause, beside the configuration of the sidecar when --config names it:",
    `  ${proposed(target, "doctor", "--workspace", place)}`,
  ]
}

/** Whom the sidecar takes the caller for: a token does not show it. */
async function callerOf({ url, identity }: ApiTarget): Promise<Caller | undefined> {
  if (identity.kind === "principal") return { principal: identity.principal, groups: [] }
  const said = await whoAmI(url, await identityHeaders(identity))
  return said.kind === "accepted" ? said.caller : undefined
}

function also(caller: Caller | undefined): string {
  return caller?.email && caller.email !== caller.principal ? ` (${caller.email})` : ""
}

const LastAdmin = z.object({ workspace: shown, role: shown })

function hintsForLastAdmin(target: ApiTarget, body: Body): readonly string[] {
  const { data } = LastAdmin.safeParse(body)
  if (!data) return []
  const { workspace, role } = data
  const add = proposed(target, "workspaces", "members", "create", "--workspace", workspace, "--principal", "<principal>", "--roles", role)
  return [`Add another ${role} first, and run this command again:`, `  ${add}`]
}

/** What follows `workspaces/` in a path. */
function segmentsOf(path: string): readonly string[] {
  const [, rest] = path.split("/workspaces/")
  return rest?.split("/").map((segment) => decodeURIComponent(segment)) ?? []
}

function bodyOf(text: string): Body | undefined {
  return Body.safeParse(parsedJson(text)).data
}
