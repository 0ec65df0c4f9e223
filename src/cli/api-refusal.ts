import { z } from "zod"
import type { Operation } from "../administration/index.js"
import { PdpError, type PdpErrorCode } from "../errors.js"
import { proposed, type ApiTarget } from "./api-options.js"
import { hintsForCredentials, hintsForScopes } from "./credential-hints.js"
import { identityHeaders } from "./identity.js"
import { whoAmI, type Caller } from "./who-am-i.js"

/** What a sidecar did not do: its own words, and below them what to do next. `details` is the body. */
export async function refusal(target: ApiTarget, { path }: Operation, status: number, text: string): Promise<PdpError> {
  const body = bodyOf(text)
  if (!body)
    return new PdpError(codeFor(status), `${target.url}${path} answered ${status} and not JSON: ${text.slice(0, 200)}\nIs it a Portcullis sidecar?`)
  const hints = await hintsFor(target, segmentsOf(path), status, body)
  return new PdpError(codeFor(status), [shownDetail(status, body), ...hints].join("\n"), { reason: body.code, details: body })
}

/** The stable name of a refusal, when the body has one. */
export function codeIn(text: string): string | undefined {
  return bodyOf(text)?.code
}

const Body = z.looseObject({ detail: z.string(), code: z.string().optional() })
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
  if (status === 403) return hintsForDenial(target, body)
  if (status === 409 && body.code === "last_admin") return hintsForLastAdmin(target, body)
  if (status !== 404 || workspace === undefined) return []
  if (kind === "members" && body.detail.startsWith("Member '"))
    return ["This lists the members:", `  ${proposed(target, "workspaces", "members", "list", "--workspace", workspace)}`]
  return body.detail.startsWith("Workspace '") ? ["This lists the workspaces that you may read:", `  ${proposed(target, "workspaces", "list")}`] : []
}

const Denied = z.object({
  workspace: z.string().optional(),
  reasons: z.array(z.string()).default([]),
  roles: z.array(z.string()).min(1).optional(),
  missing_permissions: z.array(z.string()).default([]),
  required_scopes: z.array(z.string()).default([]),
})

async function hintsForDenial(target: ApiTarget, body: Body): Promise<readonly string[]> {
  const caller = await callerOf(target)
  const { data } = Denied.safeParse(body)
  const scopes =
    body.code === "scope_missing" || data?.reasons.includes("scope_missing") ? hintsForScopes(target, caller, data?.required_scopes ?? []) : []
  const who = caller?.principal
  if (!data || data.workspace === undefined || (!data.roles && data.missing_permissions.length === 0))
    return [...(who === undefined ? [] : [`You asked as '${who}'${also(caller)}.`]), ...scopes]
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

/** Whom the sidecar takes the caller for: a token does not show it. */
async function callerOf({ url, identity }: ApiTarget): Promise<Caller | undefined> {
  if (identity.kind === "principal") return { principal: identity.principal, groups: [] }
  const said = await whoAmI(url, await identityHeaders(identity))
  return said.kind === "accepted" ? said.caller : undefined
}

function also(caller: Caller | undefined): string {
  return caller?.email && caller.email !== caller.principal ? ` (${caller.email})` : ""
}

const LastAdmin = z.object({ workspace: z.string(), role: z.string() })

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
  try {
    return Body.safeParse(JSON.parse(text)).data
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}
