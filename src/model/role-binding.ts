import { z } from "zod"

/** One role that one principal holds in one workspace. */
export const RoleBinding = z.strictObject({
  principal: z.string().min(1).max(320).describe("`service:<id>`, `group:<name>`, `*`, or a person's id or e-mail."),
  workspace: z
    .string()
    .min(1)
    .max(256)
    .refine((name) => name !== "-" && name !== "*" && !name.includes("/"), "must name one workspace: not '-', '*', nor anything with '/'")
    .describe("The workspace, or `system` for what belongs to none."),
  role: z.string().min(1).max(128).describe("The name of a role in the authorization data."),
})
export type RoleBinding = Readonly<z.infer<typeof RoleBinding>>

/** One difference between two states of the role bindings. Applying it twice changes nothing. */
export interface RoleBindingChange {
  readonly op: "add" | "remove"
  readonly binding: RoleBinding
}
