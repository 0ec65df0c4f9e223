import { z } from "zod"

/** To the decider: look out for this person in this workspace. */
export const Watch = z.object({ principal: z.string(), workspace: z.string() })
export type Watch = Readonly<z.infer<typeof Watch>>

/** From the decider. */
export const Heard = z.union([
  z.object({ kind: z.enum(["ready", "watching"]) }),
  z.object({ kind: z.literal("decided"), atMs: z.number().describe("`monotonicMs()` of the moment in which it allowed the person.") }),
])
export type Heard = Readonly<z.infer<typeof Heard>>
