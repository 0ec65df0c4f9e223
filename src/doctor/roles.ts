import { z } from "zod"
import type { Caller } from "./acceptance.js"
import { explained, type Asking, type Explanation } from "./explanation.js"
import { failed, listed, passed, quoted, unchecked, type Finding } from "./finding.js"
import type { SidecarAnswer, SidecarReply } from "./sidecar.js"

/** What is to be possible. */
export interface Wish {
  /** Where roles are looked for; undefined: the path says, else it is seen which workspaces there are. */
  readonly workspace?: string
  readonly method: string
  readonly path: string
}

/** How a sidecar is asked as somebody. */
export interface AskingAs extends Asking {
  /** The credentials of the caller. */
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Asks the sidecar for the roles that count for a caller, and whether they suffice for a wish. A sidecar that does not explain itself to this machine is
 * asked for the wish itself, when that only reads.
 */
export async function checkRoles(asking: AskingAs, caller: Caller, wish: Wish | undefined): Promise<Finding> {
  const { sidecar, headers } = asking
  if (!wish) return workspacesFinding(await sidecar.ask("/apis/entities/v2/workspaces?page_size=100", headers), caller)
  const found = await explained(asking, caller, wish)
  if (!("explanation" in found)) return triedFinding(asking, found.reply, wish)
  if (!found.explanation.allowed) return deniedFinding(found.explanation, caller, wish)
  return (await absenceFinding(asking, wish)) ?? allowedFinding(found.explanation, wish)
}

/** The request that shows whether somebody may look into a workspace. */
export function lookInto(workspace: string): Wish {
  return { workspace, method: "GET", path: `/apis/entities/v2/workspaces/${encodeURIComponent(workspace)}` }
}

const Workspaces = z.object({ data: z.array(z.object({ name: z.string() })) })
const Refused = z.object({ code: z.string(), detail: z.string() })

function workspacesFinding(reply: SidecarReply, caller: Caller): Finding {
  if ("lost" in reply) return lost(reply)
  const { data: found } = reply.status === 200 ? Workspaces.safeParse(reply.body) : {}
  if (!found) return refusedFinding(reply)
  if (found.data.length === 0) return failed("roles", `${quoted(nameOf(caller))} is in no workspace`, letIn(caller, "<name>"))
  return passed("roles", `sees the workspaces ${listed(found.data.map(({ name }) => name))}; --workspace looks at one of them`)
}

function lost({ lost: why }: { readonly lost: string }): Finding {
  return unchecked("roles", `the sidecar does not answer: ${why}`)
}

/** What the sidecar says of the very request, or why nothing can be said. */
async function triedFinding({ sidecar, headers }: AskingAs, reply: SidecarReply, { method, path }: Wish): Promise<Finding> {
  if ("lost" in reply) return lost(reply)
  if ((method !== "GET" && method !== "HEAD") || !path.startsWith("/")) return unchecked("roles", untold, trustUs)
  const answer = await sidecar.ask(path, headers)
  if ("lost" in answer) return lost(answer)
  if (answer.status >= 200 && answer.status < 300) return passed("roles", `${method} ${path} is done for these credentials`)
  return refusedFinding(answer)
}

const untold = "the sidecar tells trusted peers alone which roles count, and does not take this machine for one"
const trustUs = "list loopback in trusted_peers on the sidecar and run this on its machine, or try the request itself"

function refusedFinding({ status, body }: SidecarAnswer): Finding {
  const { data: refused } = Refused.safeParse(body)
  if (!refused) return unchecked("roles", `the sidecar answered ${status}`, trustUs)
  const [what = "", ...remedies] = refused.detail.split("; ")
  const detail = what.includes(refused.code) ? what : `${refused.code}: ${what}`
  const remedy = remedies.join(". ")
  return status === 403 || status === 404 ? failed("roles", detail, remedy || "ask an administrator") : unchecked("roles", detail, remedy || trustUs)
}

/** A PlatformAdmin may look into workspaces that there are not. */
async function absenceFinding({ sidecar, headers }: AskingAs, { workspace }: Wish): Promise<Finding | undefined> {
  if (workspace === undefined) return undefined
  const reply = await sidecar.ask(lookInto(workspace).path, headers)
  if ("lost" in reply || reply.status !== 404 || !Refused.safeParse(reply.body).data?.detail.startsWith("Workspace '")) return undefined
  return failed("roles", `there is no workspace ${quoted(workspace)}`, `correct the name, or run: portcullis workspaces create ${workspace}`)
}

function allowedFinding(explanation: Explanation, wish: Wish): Finding {
  return passed("roles", `${heldIn(explanation, wish)}; ${wish.method} ${wish.path} is allowed`)
}

function deniedFinding(explanation: Explanation, caller: Caller, wish: Wish): Finding {
  const notes = explanation.notes.map((note) => note.split("; ")[0] ?? "")
  const detail = [`${wish.method} ${wish.path} is denied (${explanation.reasons.join(", ")})`, heldIn(explanation, wish), ...notes].join("; ")
  return failed("roles", detail, remedyFor(explanation, caller, placeOf(explanation, wish)))
}

function heldIn(explanation: Explanation, wish: Wish): string {
  const place = quoted(placeOf(explanation, wish))
  const held = Object.entries(explanation.roles).map(([principal, roles]) => `${quoted(principal)} holds ${roles.join(", ")}`)
  return held.length === 0 ? `no role counts in ${place}` : `in ${place} ${held.join(", ")}`
}

function placeOf({ workspace: found }: Explanation, { workspace }: Wish): string {
  return workspace ?? found ?? "system"
}

/** What to do about each reason. A name that nearly is the right one is not given further roles. */
function remedyFor(explanation: Explanation, caller: Caller, place: string): string {
  const { reasons, required_scopes: scopes, missing_permissions: permissions, notes } = explanation
  const noted = notes.map((note) => note.split("; ").slice(1).join("; ")).filter((remedy) => remedy !== "")
  const role = reasons.includes("role_missing")
    ? [letIn(caller, place)]
    : reasons.includes("role_insufficient")
      ? [`let an Admin of ${quoted(place)} give a role with ${permissions.join(", ")}`]
      : []
  const scope = reasons.includes("scope_missing") ? [`get a token with one of the scopes ${scopes.join(", ")}`] : []
  const all = [...(noted.length > 0 ? noted : role), ...scope]
  return all.length > 0 ? all.join(". Also, ") : "see what 'portcullis check' says of the same request"
}

function letIn(caller: Caller, workspace: string): string {
  return `let an Admin run: portcullis workspaces members create --workspace ${workspace} --principal ${nameOf(caller)} --roles Viewer; a new role counts within seconds`
}

function nameOf({ principal, email }: Caller): string {
  return email ?? principal
}
