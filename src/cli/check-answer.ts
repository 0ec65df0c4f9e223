import { z } from "zod"

/** What `portcullis check` answers: the decision, and the facts behind it as `authz/explain` states them. */
export const CheckAnswer = z.object({
  allowed: z.boolean(),
  rule: z.string().exactOptional(),
  reasons: z.array(z.string()),
  endpoint: z.string().exactOptional(),
  method: z.string().exactOptional(),
  workspace: z.string().exactOptional(),
  caller: z.string().exactOptional(),
  roles: z.record(z.string(), z.array(z.string())).exactOptional(),
  missing_permissions: z.array(z.string()).exactOptional(),
  required_scopes: z.array(z.string()).exactOptional(),
  scopes_presented: z.array(z.string()).exactOptional(),
  notes: z.array(z.string()).exactOptional(),
  revision: z.string().exactOptional(),
})
export type CheckAnswer = z.infer<typeof CheckAnswer>
