import { z } from "zod"

/** Caps on what callers may send. Beyond them: a 4xx at once, or 503 when it is about how much at a time. */
export const ServerLimits = z.strictObject({
  bodyBytes: z.int().min(1_024).max(67_108_864).default(1_048_576).describe("Largest body, as sent and once inflated."),
  headerBytes: z.int().min(1_024).max(1_048_576).default(32_768).describe("Largest request line with headers."),
  requestSeconds: z.number().min(0.1).max(300).default(5).describe("By when a request must have arrived completely."),
  concurrentRequests: z.int().min(1).max(100_000).default(1_000).describe("Requests in work; more are answered with 503, but for health."),
  pipelinedRequests: z
    .int()
    .min(1)
    .max(10_000)
    .default(16)
    .describe("Requests that one connection may send without waiting for their answers; more are answered with 503."),
  depth: z.int().min(4).max(1_000).default(64).describe("Arrays and objects inside each other."),
  keysPerObject: z.int().min(16).max(100_000).default(1_000).describe("Keys of one object."),
  values: z.int().min(256).max(10_000_000).default(131_072).describe("Texts, numbers, lists and objects of one body."),
  principals: z.int().min(1).max(10_000).default(256).describe("Principals of one question: ids, e-mails and groups."),
  groups: z.int().min(1).max(10_000).default(100).describe("Groups of one caller."),
  textLength: z.int().min(256).max(65_536).default(8_192).describe("Characters of one text in a question: a path, a name, a header."),
  pathSegments: z.int().min(16).max(4_096).default(256).describe("Segments of a path that is asked about."),
  permissions: z.int().min(1).max(4_096).default(256).describe("Permissions of one question."),
  scopes: z.int().min(1).max(4_096).default(256).describe("Scopes of one question."),
  propagationSeconds: z.number().min(0).max(55).default(10).describe("How long a write may wait until this process decides on it."),
  longPolls: z
    .int()
    .min(0)
    .max(100_000)
    .default(10_000)
    .describe("Requests for bundles that may wait for news at a time; more are answered with 503."),
  longPollSeconds: z
    .number()
    .min(0)
    .max(55)
    .default(50)
    .describe("How long a request for a bundle may wait for news, whatever its `Prefer: wait` says."),
  atLeastSeconds: z.number().min(0).max(300).default(5).describe("How long `X-Portcullis-At-Least` may wait."),
})
export type ServerLimits = Readonly<z.infer<typeof ServerLimits>>
