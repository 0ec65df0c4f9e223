import { z } from "zod"
import { DropFilter } from "./drop-filter.js"
import { MaskRule } from "./mask-rules.js"

const path = z.string().min(1)

/** What is noted of decisions, and where it goes: `decision_log` in the configuration. Leaves with `path: true` are files. */
export const DecisionLogConfig = z.strictObject({
  log: z.enum(["all", "denies", "none"]).default("all").describe("Which decisions are noted. With no sink, none."),
  sample: z.number().min(0).max(1).default(1).describe("How many of the decisions that allow are noted: 1 all, 0.01 about every hundredth."),
  explain: z
    .enum(["denies", "all", "none"])
    .default("denies")
    .describe("Which decisions get their reasons and endpoint. The policy is asked for them later, when there is time."),
  mask_principal: z
    .enum(["none", "hash"])
    .default("none")
    .describe("`hash`: ids, e-mail addresses and groups are replaced by hashes. Tokens, cookies, queries and headers are never logged anyway."),
  mask_principal_key_file: path
    .optional()
    .meta({ description: "A file with a key for these hashes, so that nobody without it can try names out.", path: true }),
  mask: z
    .array(MaskRule)
    .default([])
    .describe(
      "What is taken out of events: `/input/workspace`, or `{op: remove|upsert, path, value}`, as in OPA. Only /input, /result and /nd_builtin_cache.",
    ),
  drop: z
    .array(DropFilter)
    .default([])
    .describe(
      "Which events are left out: those with all that an entry names: entrypoint, principal, method, path, endpoint, allowed. `*` at an end stands for anything.",
    ),
  policy_mask: z.boolean().default(false).describe("Ask the policy's entrypoint `system/log/mask` for further masks."),
  policy_drop: z.boolean().default(false).describe("Ask the policy's entrypoint `system/log/drop` which events are left out."),
  queue_events: z.int().min(100).max(10_000_000).default(10_000).describe("Decisions that may wait; when full, the oldest are dropped and counted."),
  queue_bytes: z.int().min(65_536).max(4_294_967_296).default(16_777_216).describe("The bytes that these may hold."),
  sink_bytes: z
    .int()
    .min(1_048_576)
    .max(4_294_967_296)
    .default(8_388_608)
    .describe("Bytes that may wait for each sink; when full, the oldest are dropped and counted."),
  close_seconds: z.number().min(0).max(300).default(5).describe("How long writing out may take when the process ends."),
  console: z.boolean().default(false).describe("Write events to stdout, one JSON object a line. `serve` announces itself on stderr then."),
  file: z.strictObject({
    path: path
      .optional()
      .meta({ description: "A file that events are appended to, one JSON object a line, readable by its owner only.", path: true }),
    max_bytes: z.int().min(1_024).max(1_099_511_627_776).default(104_857_600).describe("Bytes from which on a new file is begun."),
    max_files: z.int().min(1).max(1_000).default(10).describe("Files that are kept: the path itself, and with .1, .2 and so on."),
  }),
  http: z.strictObject({
    url: z.string().min(1).optional().describe("Upload events to `{url}/logs` as OPA does. https, or http on this machine."),
    partition: z.string().min(1).optional().describe("Upload to `{url}/logs/{partition}`."),
    token_file: path.optional().meta({ description: "A file with a bearer token; read for each upload.", path: true }),
    upload_size_limit_bytes: z.int().min(1_024).max(67_108_864).default(32_768).describe("Bytes of one upload, compressed."),
    min_delay_seconds: z.number().min(0).max(3_600).default(5).describe("How long events are collected before an upload."),
    max_delay_seconds: z.number().min(0.1).max(3_600).default(60).describe("The longest pause between two attempts."),
    timeout_seconds: z.number().min(0.1).max(300).default(10).describe("By when the server must have answered."),
    spool: path.optional().meta({
      description: "A folder of this process alone that keeps what is not uploaded yet, beyond a restart. Without it: memory.",
      path: true,
    }),
    spool_bytes: z
      .int()
      .min(65_536)
      .max(1_099_511_627_776)
      .optional()
      .describe(
        "Bytes that are kept while the server is away; then the oldest are dropped and counted. Without it: 64 MiB with a spool, else 16 MiB.",
      ),
  }),
  intake: z.strictObject({
    max_bytes: z
      .int()
      .min(65_536)
      .max(67_108_864)
      .default(4_194_304)
      .describe("Bytes, once inflated, of one upload that an OPA sends to `POST /logs`."),
    remembered_ids: z
      .int()
      .min(0)
      .max(10_000_000)
      .default(100_000)
      .describe("Decision ids that are remembered, so that what OPAs send again is left out."),
  }),
})
export type DecisionLogConfig = Readonly<z.infer<typeof DecisionLogConfig>>
