import { z } from "zod"
import type { Caller } from "./acceptance.js"
import type { Sidecar, SidecarReply } from "./sidecar.js"

/** How a sidecar is asked. */
export interface Asking {
  readonly sidecar: Sidecar
  /** What the names of the principal headers begin with. */
  readonly headerPrefix: string
}

/** What a sidecar says of a decision. */
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
export type Explanation = Readonly<z.infer<typeof Explanation>["result"]>

/** An explanation, or what the sidecar answered instead: it tells this to trusted peers alone. */
export type Explained = { readonly explanation: Explanation } | { readonly reply: SidecarReply }

/** Asks a sidecar why it would decide so for somebody. */
export async function explained(
  { sidecar, headerPrefix }: Asking,
  { principal, email, groups, scopes }: Caller,
  { method, path }: { readonly method: string; readonly path: string },
): Promise<Explained> {
  const input = {
    principal_id: principal,
    principal_email: email ?? undefined,
    principal_groups: groups,
    scopes: scopes ?? undefined,
    method,
    path,
  }
  const reply = await sidecar.ask("/apis/auth/v2/authz/explain", { [`${headerPrefix}Principal-Id`]: "service:portcullis-cli" }, { input })
  const { data } = "status" in reply && reply.status === 200 ? Explanation.safeParse(reply.body) : {}
  return data ? { explanation: data.result } : { reply }
}
