import { z } from "zod"
import type { Operation } from "../administration/index.js"
import { PdpError, type PdpErrorCode } from "../errors.js"
import { proposed, type ApiTarget } from "./api-options.js"

/** What a sidecar did not do: its own words, and below them what to do next. `details` is the body. */
export function refusal(target: ApiTarget, { path }: Operation, status: number, text: string): PdpError {
  const body = bodyOf(text)
  if (!body)
    return new PdpError(codeFor(status), `${target.url}${path} answered ${status} and not JSON: ${text.slice(0, 200)}\nIs it a Portcullis sidecar?`)
  const hints = hintsFor(target, segmentsOf(path), status, body)
  return new PdpError(codeFor(status), [body.detail, ...hints].join("\n"), { reason: body.code, details: body })
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

function hintsFor(target: ApiTarget, [workspace, kind]: readonly string[], status: number, body: Body): readonly string[] {
  if (status === 401) return [`You asked as '${target.principal}'; --as or PORTCULLIS_PRINCIPAL names somebody else.`]
  if (status === 403) return hintsForRoles(target, body)
  if (status === 409 && body.code === "last_admin") return hintsForLastAdmin(target, body)
  if (status !== 404 || workspace === undefined) return []
  if (kind === "members" && body.detail.startsWith("Member '"))
    return ["This lists the members:", `  ${proposed(target, "workspaces", "members", "list", "--workspace", workspace)}`]
  return body.detail.startsWith("Workspace '") ? ["This lists the workspaces that you may read:", `  ${proposed(target, "workspaces", "list")}`] : []
}

const Denied = z.object({ workspace: z.string(), roles: z.array(z.string()).min(1).optional(), missing_permissions: z.array(z.string()).default([]) })

function hintsForRoles(target: ApiTarget, body: Body): readonly string[] {
  const { data } = Denied.safeParse(body)
  if (!data || (!data.roles && data.missing_permissions.length === 0)) return [`You asked as '${target.principal}'.`]
  const { workspace, roles } = data
  const role = roles?.[0] ?? "<role>"
  const grant = proposed(
    { ...target, flags: [] },
    ...["workspaces", "members", "create", "--workspace", workspace],
    ...["--principal", target.principal, "--roles", role],
  )
  return [
    roles
      ? `In workspace '${workspace}' one of these roles would do: ${roles.join(", ")}.`
      : `A role that holds ${data.missing_permissions.join(", ")} in workspace '${workspace}' would do.`,
    "Somebody who may grant it there runs",
    `  ${grant}`,
  ]
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
