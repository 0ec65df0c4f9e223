import { z } from "zod"

/** Caps on what callers may send. Beyond them: a 4xx at once, or 503 when it is about how much at a time. */
export const ServerLimits = z.strictObject({
  bodyBytes: z.int().min(1_024).max(67_108_864).default(1_048_576).describe("Largest body, as sent and once inflated."),
  headerBytes: z.int().min(1_024).max(1_048_576).default(32_768).describe("Largest request line with headers."),
  requestSeconds: z.number().min(0.1).max(300).default(5).describe("By when a request must have arrived completely."),
  concurrentRequests: z.int().min(1).max(100_000).default(1_000).describe("Requests in work; more are answered with 503."),
  depth: z.int().min(4).max(1_000).default(64).describe("Arrays and objects inside each other."),
  keysPerObject: z.int().min(16).max(100_000).default(1_000).describe("Keys of one object."),
  principals: z.int().min(1).max(10_000).default(256).describe("Principals of one question: ids, e-mails and groups."),
  groups: z.int().min(1).max(10_000).default(100).describe("Groups of one caller."),
  propagationSeconds: z.number().min(0).max(55).default(10).describe("How long a write may wait until this process decides on it."),
  atLeastSeconds: z.number().min(0).max(300).default(5).describe("How long `X-Portcullis-At-Least` may wait."),
})
export type ServerLimits = Readonly<z.infer<typeof ServerLimits>>
