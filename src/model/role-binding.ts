import { z } from "zod"

const halfAPair = "must not hold half of a surrogate pair"

/** RFC 3339 knows no later years. */
const latestExpiry = Date.parse("9999-12-31T23:59:59.999Z")

/** One role that one principal holds in one workspace. */
export const RoleBinding = z.strictObject({
  principal: z
    .string("must be a text")
    .min(1, "must not be empty")
    .max(320, "must have 320 characters at most")
    .refine(isWellFormed, halfAPair)
    .describe("`service:<id>`, `group:<name>`, `*`, or a person's id or e-mail."),
  workspace: z
    .string("must be a text")
    .min(1, "must not be empty")
    .max(256, "must have 256 characters at most")
    .refine(isWellFormed, halfAPair)
    .refine((name) => name !== "-" && name !== "*" && !name.includes("/"), "must name one workspace: not '-', '*', nor anything with '/'")
    .describe("The workspace, or `system` for what belongs to none."),
  role: z
    .string("must be a text")
    .min(1, "must not be empty")
    .max(128, "must have 128 characters at most")
    .refine(isWellFormed, halfAPair)
    .describe("The name of a role in the authorization data."),
  expires_at: z.iso
    .datetime({ offset: true, error: "must be a time such as 2030-01-31T12:00:00Z" })
    .refine((text) => Date.parse(text) <= latestExpiry, "must be before the year 10000")
    .exactOptional()
    .describe("From this moment on it does not decide. Absent: it stays until it is revoked."),
})
export type RoleBinding = Readonly<z.infer<typeof RoleBinding>>

function isWellFormed(text: string): boolean {
  return text.isWellFormed()
}

/** When a binding stops to decide, in milliseconds since the epoch; infinity when it stays. */
export function expiryOf({ expires_at }: RoleBinding): number {
  return expires_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires_at)
}

/**
 * One difference between two states of the role bindings. Applying it twice changes nothing. Adding a binding that is there with another
 * expiry replaces the expiry; removing one ignores it.
 */
export interface RoleBindingChange {
  readonly op: "add" | "remove"
  readonly binding: RoleBinding
}
