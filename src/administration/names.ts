import { z } from "zod"
import { PdpError } from "../errors.js"
import { RoleBinding } from "../model/role-binding.js"

const printable = /^[^\p{C}\p{Z}](?:[^\p{C}]*[^\p{C}\p{Z}])?$/u

/** The name of a workspace that somebody makes. */
export const WorkspaceName = z
  .string()
  .regex(/^[a-z][a-z0-9@.+_-]{1,62}$/, "must begin with a letter a-z and have 2 to 63 characters of a-z 0-9 - @ . + _")
  .refine((name) => !name.includes("--") && !name.endsWith("-"), "must hold no '--' and not end with '-'")

/** A principal as bindings store it. */
export const PrincipalName = z
  .string()
  .max(320)
  .regex(printable, "must be a person's id or e-mail, 'group:<name>', 'service:<id>' or '*'")
  .refine((name) => name !== "service:" && name !== "group:", "must have a name after the prefix")

/** The name of a role. That it exists is checked where it is given. */
export const RoleName = z.string().max(128).regex(printable, "must be the name of a role")

/** The type or the name of an entity. */
export const EntityWord = z
  .string()
  .max(256)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9@.+_-]*[A-Za-z0-9])?$/, "must be made of A-Z a-z 0-9 @ . + _ -, with a letter or digit at both ends")

/** A time in the future. */
export const ExpiresAt = RoleBinding.shape.expires_at

/** What {@link WriteOptions.idempotency} may name. */
export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/, "must be 1 to 255 printable ASCII characters without spaces")

/**
 * A value that a schema accepts.
 *
 * @param what it is, for the message
 * @throws {PdpError} `ERR_INPUT_INVALID` naming every part that is wrong
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
  throw new PdpError("ERR_INPUT_INVALID", `${what} is not valid: ${issues.join("; ").slice(0, 1_000)}`)
}
