import { z } from "zod"

const claims = {
  id: z.string().describe("Who it is, without any prefix. Empty: nobody (anonymous)."),
  email: z.string().nullish().describe("Verified e-mail address; looked up as a principal of its own."),
  groups: z.array(z.string()).readonly().nullish().describe("Bare group names; looked up as `group:<name>`."),
}

/** Who asks, in process. The host vouches for it: nothing in here is verified by the PDP. */
export const Principal = z.strictObject({
  kind: z.enum(["person", "service"]).nullish().describe("Default `person`."),
  ...claims,
  scopes: z
    .array(z.string())
    .readonly()
    .nullish()
    .describe("Scopes of the token. Absent: not restricted. Empty: fits no operation that lists scopes."),
  onBehalfOf: z.strictObject(claims).nullish().describe("The person for whom a service asks; both must be allowed."),
})
export type Principal = z.infer<typeof Principal>

/** A principal as role bindings store it: `service:<id>`, `group:<name>`, `*` (everybody), or the bare id or e-mail of a person. */
export type StoredPrincipal = string
