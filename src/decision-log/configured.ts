import { accessSync, constants, readFileSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { messageOf, PdpError } from "../errors.js"
import { consoleSink } from "./console-sink.js"
import { createDecisionLog, type DecisionLog, type DecisionLogHooks } from "./decision-log.js"
import { fileSink } from "./file-sink.js"
import { httpSink } from "./http-sink.js"
import { decisionLogIntake, type DecisionLogIntake } from "./intake.js"
import type { DecisionLogConfig } from "./options.js"
import type { Sink } from "./sink.js"

/** A decision log, and what takes those of OPAs into it. */
export interface ConfiguredDecisionLog {
  readonly log: DecisionLog
  readonly intake: DecisionLogIntake
  /** Writes out what waits. */
  close(): Promise<void>
}

/**
 * The decision log that a configuration asks for; undefined when it names no sink.
 *
 * @param labels of every event, beside `version`; default: an `id` of this log
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when a key, file, spool or URL cannot be used
 */
export function decisionLogOf(
  config: DecisionLogConfig,
  labels: Readonly<Record<string, string>> = {},
  hooks: DecisionLogHooks = {},
): ConfiguredDecisionLog | undefined {
  const sinks = sinksOf(config)
  if (sinks.length === 0) return undefined
  const { log: which, sample, explain, mask, drop, mask_principal: maskPrincipal, mask_principal_key_file: keyFile } = config
  const log = createDecisionLog({
    sinks,
    log: which,
    sample,
    explain,
    mask,
    drop,
    labels,
    maskPrincipal,
    ...(keyFile !== undefined && { maskPrincipalKey: keyIn(keyFile) }),
    policyMask: config.policy_mask,
    policyDrop: config.policy_drop,
    queueEvents: config.queue_events,
    queueBytes: config.queue_bytes,
    sinkBytes: config.sink_bytes,
    hooks,
  })
  const { max_bytes: mostBytes, remembered_ids: rememberedIds } = config.intake
  return { log, intake: decisionLogIntake({ log, mostBytes, rememberedIds }), close: () => log.close(config.close_seconds * 1_000) }
}

function sinksOf({ console, file, http }: DecisionLogConfig): readonly Sink[] {
  if (file.path !== undefined) assertWritable(file.path)
  const { url, partition, token_file: tokenFile, spool, spool_bytes: spoolBytes } = http
  return [
    ...(console ? [consoleSink()] : []),
    ...(file.path === undefined ? [] : [fileSink({ path: file.path, maxBytes: file.max_bytes, maxFiles: file.max_files })]),
    ...(url === undefined
      ? []
      : [
          httpSink({
            url,
            ...(partition !== undefined && { partition }),
            ...(tokenFile !== undefined && { tokenFile }),
            ...(spool !== undefined && { spool }),
            ...(spoolBytes !== undefined && { spoolBytes }),
            uploadSizeLimitBytes: http.upload_size_limit_bytes,
            minDelaySeconds: http.min_delay_seconds,
            maxDelaySeconds: http.max_delay_seconds,
            timeoutSeconds: http.timeout_seconds,
          }),
        ]),
  ]
}

/** What is wrong with a file is said at once, and not when the first decision is made. */
function assertWritable(path: string): void {
  try {
    const isThere = statSync(path, { throwIfNoEntry: false })
    if (isThere?.isDirectory()) throw new Error("this is a folder; name a file in it")
    if (isThere) accessSync(path, constants.W_OK)
    else accessSync(dirname(path), constants.W_OK | constants.X_OK)
  } catch (cause) {
    const remedy = "make its folder, writable for this process, or name another file"
    throw new PdpError("ERR_CONFIG_INVALID", `decision_log.file.path: ${path} cannot be written: ${messageOf(cause)}; ${remedy}`, { cause })
  }
}

function keyIn(path: string): string {
  try {
    const key = readFileSync(path, "utf8").trim()
    if (key.length >= 16) return key
  } catch (cause) {
    throw new PdpError("ERR_CONFIG_INVALID", `${path} cannot be read: ${messageOf(cause)}; write a key there`, { cause })
  }
  throw new PdpError("ERR_CONFIG_INVALID", `${path} holds no key of 16 characters or more; make one with 'openssl rand -hex 32'`)
}
