import { z } from "zod"
import { GatewayOptionsSchema } from "../gateway/index.js"
import { isLoopback } from "../model/loopback.js"
import { aFunction, checkOptions } from "../model/options.js"
import { packageVersion } from "../model/package-version.js"
import { tokenUses } from "../fleet/index.js"
import type { Profile } from "../pdp/pdp.js"
import { createLogger, type Logger } from "../telemetry/index.js"
import { ServerLimits } from "./limits.js"
import type { IsLoopback } from "./listen-rules.js"
import { requestIds } from "./request-id.js"
import type { ServerOptions } from "./server.js"

/** {@link ServerOptions} that have defaults, checked and complete. */
export interface ServerSettings {
  readonly logger: Logger
  readonly limits: ServerLimits
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  readonly profile: Profile
  readonly bundleCacheSeconds: number
  readonly version: string
  readonly isLoopback: IsLoopback
  readonly newRequestId: () => string
}

/** @throws {PdpError} `ERR_CONFIG_INVALID` naming the option */
export function serverSettings(options: ServerOptions): ServerSettings {
  checkOptions("startServer", Options, options)
  const { pdp, logger, limits, allowedHosts, allowedOrigins, profile, bundleCacheSeconds, version, hooks } = options
  return {
    logger: logger ?? createLogger({ level: "silent" }),
    limits: ServerLimits.parse(limits ?? {}),
    allowedHosts: allowedHosts ?? [],
    allowedOrigins: allowedOrigins ?? [],
    profile: profile ?? profileOf(pdp.status().profile),
    bundleCacheSeconds: bundleCacheSeconds ?? defaultBundleCacheSeconds,
    version: version ?? packageVersion(),
    isLoopback: hooks?.isLoopback ?? isLoopback,
    newRequestId: hooks?.newRequestId ?? requestIds(),
  }
}

const defaultBundleCacheSeconds = 5

function profileOf(profile: Profile | "custom"): Profile {
  return profile === "nemo" ? "nemo" : "hardened"
}

const address = z.strictObject({ host: z.string().min(1), port: z.int().min(0).max(65_535) })
const place = z.union([address, z.strictObject({ path: z.string().min(1) })], "must be { host, port }, or { path } of a UNIX domain socket")
const file = z.string().min(1)
const anObject = z.custom<object>((value) => typeof value === "object" && value !== null, "must be an object")
const BundleToken = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "must be letters, digits, '.', '_' and '-', 64 at most"),
  token: z.string().optional(),
  tokenFile: file.optional(),
  allow: z.array(z.enum(tokenUses)).optional(),
  bundles: z.array(z.string()).optional(),
})
const Options = z.strictObject({
  pdp: z.custom<object>(
    (value) => typeof value === "object" && value !== null && "evaluate" in value,
    "must be a PDP, such as await createPdp({ source })",
  ),
  administration: anObject.optional(),
  authentication: anObject.optional(),
  discovery: anObject.optional(),
  peers: z.strictObject({ trustedPeers: z.array(z.string()).optional(), secrets: aFunction.optional() }).optional(),
  decisionLogs: anObject.optional(),
  bundles: z
    .strictObject({
      tokens: z.array(BundleToken).optional(),
      signer: aFunction.optional(),
      bindingBundles: z.int().min(1).max(256).optional(),
    })
    .optional(),
  opa: z
    .strictObject({
      defaultDecision: z.string().min(1).optional(),
      dataWrites: z.boolean().optional(),
      authorization: z.boolean().optional(),
      decisionIds: z.boolean().optional(),
      labels: z.record(z.string(), z.string()).optional(),
      configuration: aFunction.optional(),
      policies: aFunction.optional(),
    })
    .optional(),
  gateway: GatewayOptionsSchema.optional(),
  envoyGrpc: z.strictObject({ listen: place, entrypoint: z.string().min(1).optional() }).optional(),
  notices: aFunction.optional(),
  processes: aFunction.optional(),
  listen: place,
  tls: z.strictObject({ certFile: file, keyFile: file, clientCaFile: file.optional() }).optional(),
  insecureBehindProxy: z.boolean().optional(),
  healthListen: address.optional(),
  logger: anObject.optional(),
  limits: ServerLimits.partial().optional(),
  allowedHosts: z.array(z.string()).optional(),
  allowedOrigins: z.array(z.string()).optional(),
  profile: z.enum(["hardened", "nemo"]).optional(),
  bundleCacheSeconds: z.number().min(0).optional(),
  version: z.string().optional(),
  hooks: anObject.optional(),
})
