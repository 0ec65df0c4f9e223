import { z } from "zod"
import { PdpError } from "../errors.js"
import { aFunction, checkOptions } from "../model/options.js"
import type { Source } from "../source/index.js"
import type { BundlePdpOptions } from "./bundle-options.js"
import { DecisionCacheOptions } from "./decision-cache.js"
import type { CustomPdpOptions, PdpOptions } from "./options.js"

/**
 * Checks what `createPdp` is given, and says which of the two kinds it is.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the option
 */
export function isCustom(options: PdpOptions | CustomPdpOptions): options is CustomPdpOptions {
  const custom = typeof options === "object" && options !== null && "policy" in options && options.policy !== undefined
  if (custom) rejectMixed(options)
  checkOptions("createPdp", custom ? CustomOptions : ProductOptions, options)
  return custom
}

/**
 * Checks what `createPdp` is given when a bundle decides, and says whether that is so.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the option
 */
export function isOnBundle(options: PdpOptions | CustomPdpOptions | BundlePdpOptions): options is BundlePdpOptions {
  if (!(typeof options === "object" && options !== null && "bundle" in options && options.bundle !== undefined)) return false
  const mixed = Object.keys(options).find((key) => !(key in BundleOptions.shape) && (key in ProductOptions.shape || key in CustomOptions.shape))
  if (mixed !== undefined)
    throw new PdpError("ERR_CONFIG_INVALID", `createPdp: '${mixed}' does not go together with 'bundle': the bundle brings policy, data and bindings`)
  checkOptions("createPdp", BundleOptions, options)
  return true
}

const aDecisionLog = z.custom<object>(
  (value) => typeof value === "object" && value !== null && "recorder" in value && typeof value.recorder === "function",
  "must be a decision log, such as createDecisionLog({ sinks: [consoleSink()] })",
)
const document = z.union([z.string().min(1), z.custom<object>((value) => typeof value === "object" && value !== null && !Array.isArray(value))])
const ProductOptions = z.strictObject({
  authorizationData: z.union([document, z.array(document)], "must be the path of a file, an object, or a list of such").optional(),
  source: z.custom<Source>(isSource, "must be a source, such as fileSource({ path })").optional(),
  profile: z.enum(["hardened", "nemo"]).optional(),
  refreshSeconds: z.number().optional(),
  scopes: z.enum(["strict", "lenient", "off"]).optional(),
  cache: DecisionCacheOptions.optional(),
  memoryLimitMb: z.number().optional(),
  maxStalenessSeconds: z.number().optional(),
  snapshotFile: z.string().min(1).optional(),
  snapshotSeconds: z.number().optional(),
  adminEmail: z.string().optional(),
  decisionLog: aDecisionLog.optional(),
  now: aFunction.optional(),
  policy: z.undefined().optional(),
  bundle: z.undefined().optional(),
})

const CustomOptions = z.strictObject({
  policy: z.strictObject({
    wasm: z.union([z.string(), z.instanceof(Uint8Array)], "must be the path of a .wasm file, or its bytes"),
    data: z.unknown().optional(),
    builtins: z.record(z.string(), aFunction).optional(),
  }),
  memoryLimitMb: z.number().optional(),
  decisionLog: aDecisionLog.optional(),
})

const BundleOptions = z.strictObject({
  bundle: z.custom<object>(
    (value) => typeof value === "object" && value !== null && "read" in value && "surroundings" in value,
    "must be a bundle's place, such as httpBundle({ url }) or fileBundle({ path })",
  ),
  profile: z.enum(["hardened", "nemo"]).optional(),
  entrypoints: z.array(z.string()).optional(),
  builtins: z.record(z.string(), aFunction).optional(),
  memoryLimitMb: z.number().optional(),
  cache: DecisionCacheOptions.optional(),
  maxStalenessSeconds: z.number().optional(),
  decisionLog: aDecisionLog.optional(),
})

function isSource(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false
  return "name" in value && typeof value.name === "string" && "read" in value && typeof value.read === "function"
}

function rejectMixed(options: object): void {
  const mixed = Object.keys(options).find((key) => key in ProductOptions.shape && !(key in CustomOptions.shape))
  if (mixed === undefined) return
  throw new PdpError(
    "ERR_CONFIG_INVALID",
    `createPdp: '${mixed}' does not go together with 'policy': a policy of your own has its data in 'policy.data', and gets no role bindings`,
  )
}
