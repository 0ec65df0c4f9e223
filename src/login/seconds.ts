import { z } from "zod"

/** A span of time in an answer: a number, or one written as text, as some IdPs do. At most a century; anything else is taken as absent. */
export const spanSeconds = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,10}$/)
      .transform(Number),
  ])
  .pipe(z.number().min(0).max(3_200_000_000))
  .optional()
  .catch(undefined)
