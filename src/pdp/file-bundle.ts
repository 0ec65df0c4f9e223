import { readFile, stat } from "node:fs/promises"
import { resolve } from "node:path"
import { z } from "zod"
import type { VerificationOptions } from "../bundle/index.js"
import { messageOf } from "../errors.js"
import { checkOptions } from "../model/options.js"
import { unavailable } from "../model/unavailable.js"
import { watchFiles } from "../source/index.js"
import type { BundleFeed, Surroundings } from "./bundle-feed.js"
import { defaultMaxBytes, defaultPollSeconds, hooksOption, maxBytesOption, pollSecondsOption, surroundingsOf } from "./http-bundle-settings.js"
import { verificationOption } from "./verification-option.js"

/** Options of {@link fileBundle}. */
export interface FileBundleOptions {
  /** The bundle, a gzipped tar. Watched. */
  readonly path: string
  /** Whose signature it must have. Default: it must be unsigned. */
  readonly verify?: VerificationOptions
  /** Pause between two looks beside the watch, in seconds, ±10 %. Default 30. */
  readonly pollSeconds?: number
  /** Most bytes of the file, and once it is inflated. Default 256 MiB. */
  readonly maxBytes?: number
  /** Replaced in tests: clock, chance and alarm. */
  readonly hooks?: Partial<Surroundings>
}

/**
 * A bundle in a file. Whoever replaces it writes it beside and renames it: half a bundle is refused, and the one before decides.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` when an option is invalid
 */
export function fileBundle(options: FileBundleOptions): BundleFeed {
  checkOptions("fileBundle", Options, options)
  const { verify, pollSeconds = defaultPollSeconds, maxBytes = defaultMaxBytes, hooks = {} } = options
  const surroundings = surroundingsOf(hooks)
  const path = resolve(options.path)
  return {
    name: `file ${options.path}`,
    pollSeconds,
    maxBytes,
    firstRetryMs: 1_000,
    surroundings,
    ...(verify && { verify }),
    waitMs: () => 0,
    read: async ({ have }) => {
      try {
        const { ino, size, mtimeNs } = await stat(path, { bigint: true })
        const tag = `${ino}-${size}-${mtimeNs}`
        if (tag === have) return { kind: "unchanged" }
        if (size > maxBytes) throw unavailable(`it has ${size} bytes, and ${maxBytes} are allowed`, "take a smaller bundle, or allow more")
        return { kind: "bundle", bytes: await readFile(path), tag }
      } catch (cause) {
        throw unavailable(`cannot read the bundle ${options.path}: ${messageOf(cause)}`, "check the path and its rights", cause)
      }
    },
    subscribe: (onNews) => watchFiles([path], onNews, surroundings.timers),
  }
}

const Options = z.strictObject({
  path: z.string().min(1),
  verify: verificationOption.optional(),
  pollSeconds: pollSecondsOption.optional(),
  maxBytes: maxBytesOption.optional(),
  hooks: hooksOption.optional(),
})
