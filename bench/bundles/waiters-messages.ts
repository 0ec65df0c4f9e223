import { z } from "zod"

/** All who waited were answered. */
export const Answered = z.object({
  atMs: z.number().describe("`monotonicMs()` of the last byte."),
  bytes: z.number().describe("Of all answers."),
})
export type Answered = Readonly<z.infer<typeof Answered>>
