import { z } from "zod"

/** To the publisher: grant a role to that newcomer. */
export const Grant = z.object({ newcomer: z.number() })
export type Grant = Readonly<z.infer<typeof Grant>>

/** From the publisher. */
export const Published = z.union([
  z.object({ kind: z.literal("ready"), url: z.string() }),
  z.object({ kind: z.literal("granted"), atMs: z.number().describe("`monotonicMs()` of the moment before it was.") }),
])
export type Published = Readonly<z.infer<typeof Published>>
