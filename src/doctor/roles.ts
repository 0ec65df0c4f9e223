import { z } from "zod"
import type { Caller } from "./acceptance.js"
import { failed, listed, passed, quoted, unchecked, type Finding } from "./finding.js"
import type { Sidecar, SidecarReply } from "./sidecar.js"

/** What is to be possible. */
export interface Wish {
  /** Where roles are looked for; undefined: the path says, else it is seen which workspaces there are. */
  readonly workspace?: string
  readonly method: string
  readonly path: string
}

/** How a sidecar is asked. */
export interface Asking {
  readonly sidecar: Sidecar
  /** The credentials of the caller. */
  readonly headers: Readonly<Record<string, string>>
  /** What the names of the principal headers begin with. */
  readonly headerPrefix: string
}

/** Asks the sidecar for the roles that count for a caller, and whether they suffice for a wish. */
export async function checkRoles({ sidecar, headers, headerPrefix }: Asking, caller: Caller, wish: Wish | undefined): Promise<Finding> {
  if (!wish) return workspacesFinding(await sidecar.ask("/apis/entities/v2/workspaces?page_size=100", headers), caller)
  const input = {
    principal_id: caller.principal,
    principal_email: caller.email ?? undefined,
    principal_groups: caller.groups,
    scopes: caller.scopes ?? undefined,
    method: wish.method,
    path: wish.path,
  }
  const reply = await sidecar.ask("/apis/auth/v2/authz/explain", { [`${headerPrefix}Principal-Id`]: "service:portcullis-cli" }, { input })
  return explanationFinding(reply, caller, wish)
}

/** The request that shows whether somebody may look into a workspace. */
export function lookInto(workspace: string): Wish {
  return { workspace, method: "GET", path: `/apis/entities/v2/workspaces/${encodeURIComponent(workspace)}` }
}

const Workspaces = z.object({ data: z.array(z.object({ name: z.string() })) })
const Refused = z.object({ code: z.string(), detail: z.string() })
const Explanation = z.object({
  result: z.object({
    allowed: z.boolean(),
    reasons: z.array(z.string()),
    workspace: z.string().optional(),
    roles: z.record(z.string(), z.array(z.string())).default({}),
    missing_permissions: z.array(z.string()).default([]),
    required_scopes: z.array(z.string()).default([]),
    notes: z.array(z.string()).default([]),
  }),
})
type Explanation = z.infer<typeof Explanation>["result"]

function workspacesFinding(reply: SidecarReply, caller: Caller): Finding {
  if ("lost" in reply) return unchecked("roles", `the sidecar does not answer: ${reply.lost}`)
  const { data: found } = reply.status === 200 ? Workspaces.safeParse(reply.body) : {}
  if (!found) return refusedFinding(reply)
  if (found.data.length === 0) return failed("roles", `${quoted(nameOf(caller))} is in no workspace`, letIn(caller, "<name>"))
  return passed("roles", `sees the workspaces ${listed(found.data.map(({ name }) => name))}; --workspace looks at one of them`)
}

function refusedFinding({ status, body }: Exclude<SidecarReply, { readonly lost: string }>): Finding {
  const { data: refused } = Refused.safeParse(body)
  const why = refused ? `${refused.code}: ${refused.detail}` : `the sidecar answered ${status}`
  return unchecked("roles", why, "name a --workspace, and run this on the machine of the sidecar")
}

function explanationFinding(reply: SidecarReply, caller: Caller, wish: Wish): Finding {
  if ("lost" in reply) return unchecked("roles", `the sidecar does not answer: ${reply.lost}`)
  const { data: explained } = reply.status === 200 ? Explanation.safeParse(reply.body) : {}
  return explained ? decisionFinding(explained.result, caller, wish) : refusedFinding(reply)
}

function decisionFinding(explained: Explanation, caller: Caller, { workspace, method, path }: Wish): Finding {
  const place = workspace ?? explained.workspace ?? "system"
  const held = Object.entries(explained.roles).map(([principal, roles]) => `${quoted(principal)} holds ${roles.join(", ")}`)
  const roles = held.length === 0 ? `no role counts in ${quoted(place)}` : `in ${quoted(place)} ${held.join(", ")}`
  if (explained.allowed) return passed("roles", `${roles}; ${method} ${path} is allowed`)
  return failed(
    "roles",
    [`${method} ${path} is denied (${explained.reasons.join(", ")})`, roles, ...explained.notes].join("; "),
    remedyFor(explained, caller, place),
  )
}

function remedyFor({ reasons, required_scopes: scopes, missing_permissions: permissions }: Explanation, caller: Caller, place: string): string {
  if (reasons.includes("scope_missing")) return `get a token with one of the scopes ${scopes.join(", ")}`
  if (reasons.includes("role_missing")) return letIn(caller, place)
  if (reasons.includes("role_insufficient")) return `let an Admin of ${quoted(place)} give a role with ${permissions.join(", ")}`
  return "see what 'portcullis check' says of the same request"
}

function letIn(caller: Caller, workspace: string): string {
  return `let an Admin run: portcullis workspaces members create --workspace ${workspace} --principal ${nameOf(caller)} --roles Viewer; a new role counts within seconds`
}

function nameOf({ principal, email }: Caller): string {
  return email ?? principal
}
