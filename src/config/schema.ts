import { z } from "zod"
import { HeaderPrefix } from "../authn/index.js"
import { DecisionLogConfig } from "../decision-log/index.js"
import { ServerLimits } from "../server/index.js"
import { BundleConfig } from "./bundle-config.js"
import { BundleSourceConfig, PolicyConfig } from "./bundle-source-config.js"
import { GatewayConfig } from "./gateway-config.js"
import { Listen, ListenHostPort } from "./listen.js"
import { OidcConfig } from "./oidc-config.js"
import { OpaConfig } from "./opa-config.js"
import { StoreConfig } from "./store-config.js"
import { TlsConfig } from "./tls-config.js"
import { TrustedPeer } from "./trusted-peers.js"

/** The configuration of the sidecar, one object per feature. Leaves with `path: true` are files, relative to the file that names them. */
export const Config = z.strictObject({
  profile: z.enum(["hardened", "nemo"]).default("hardened").describe("Which rules decide: ours, or those of the reference system one for one."),
  data: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: "Authorization data: YAML or JSON documents with roles and endpoints, merged. Empty: the built-in document.", path: true }),
  store: StoreConfig,
  bundle_source: BundleSourceConfig,
  policy: PolicyConfig,
  max_staleness_seconds: z
    .number()
    .min(1)
    .max(31_536_000)
    .optional()
    .describe(
      "When the source of the bindings has not answered for so long, decisions are refused (503). Without it the last good state decides for ever.",
    ),
  seed: z.strictObject({
    wildcard_viewer: z.boolean().default(true).describe("Everybody becomes Viewer in `system`, and so may list workspaces."),
    wildcard_creator: z.boolean().default(true).describe("Everybody becomes WorkspaceCreator in `system`."),
    wildcard_editor: z
      .boolean()
      .optional()
      .describe("Everybody becomes Editor in the default workspace. Without it: yes in the nemo profile, no in the hardened one."),
  }),
  auth: z.strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        "`false`: bearer tokens are not looked at, and callers are whom trusted peers' headers name. Decisions are made all the same. Refused beyond loopback.",
      ),
    admin_email: z
      .string()
      .min(1)
      .max(320)
      .optional()
      .describe("Is made PlatformAdmin at the start, unless that was revoked once. Compared exactly, upper and lower case included."),
    default_workspace: z.string().min(1).max(63).default("default").describe("Is made at the start when it does not exist."),
    allow_unsigned_jwt: z
      .boolean()
      .default(false)
      .describe(
        "Believe bearer tokens that nobody has signed (`alg: none`). For trying things out: refused beyond loopback, and warned about at each start.",
      ),
    principal_header_prefix: HeaderPrefix.default("X-NMP-").describe(
      "What the names of the headers begin with by which trusted peers say who asks: `X-NMP-Principal-Id` and so on.",
    ),
    policy_data_refresh_interval: z
      .number()
      .min(0.1)
      .max(86_400)
      .default(30)
      .describe("Seconds between two looks at every source, besides watching it."),
    bundle_cache_seconds: z.int().min(0).max(86_400).default(5).describe("How long an OPA or proxy may keep a bundle (`Cache-Control: max-age`)."),
    scopes: z
      .enum(["strict", "lenient", "off"])
      .default("strict")
      .describe("What the scopes of a token do: `strict`, `lenient` as the reference does, or `off`."),
    oidc: OidcConfig,
  }),
  trusted_peers: z
    .array(TrustedPeer)
    .optional()
    .describe(
      "Who may say who asks: `loopback`, `unix`, addresses, ranges (`10.0.0.0/8`), `certificate` (any that the client CA signed), `certificate:<name>`. " +
        "Without it: loopback and UNIX domain sockets while nobody else can connect, else nobody.",
    ),
  peer_secret_file: z.string().min(1).optional().meta({
    description:
      "A file with a secret, or two while they change, one a line: whoever sends one in `X-Portcullis-Peer-Secret` is a trusted peer, too. Read again when it changes.",
    path: true,
  }),
  server: z.strictObject({
    listen: Listen.default("127.0.0.1:8181").meta({
      description:
        "Where the decision API listens: HOST:PORT, or `unix:` and the path of a socket. Beyond loopback with `server.tls` or `server.insecure_behind_proxy` only. Port 0 takes a free one.",
      takes: "HOST:PORT | unix:/PATH",
    }),
    health_listen: ListenHostPort.optional().meta({
      description: "HOST:PORT of a second listener with health and metrics only, over plain http.",
      takes: "HOST:PORT",
    }),
    tls: TlsConfig,
    insecure_behind_proxy: z
      .boolean()
      .default(false)
      .describe("Speak plain http beyond loopback, because a proxy ends TLS and nobody else can connect. Warned about at each start."),
    allowed_hosts: z.array(z.string().min(1)).default([]).describe("Values of `Host` that are served besides loopback literals and `localhost`."),
    allowed_origins: z.array(z.string().min(1)).default([]).describe("Values of `Origin` that are served."),
    limits: z.strictObject(snakeCased(ServerLimits.shape)),
  }),
  gateway: GatewayConfig,
  bundle: BundleConfig,
  opa: OpaConfig,
  decision_log: DecisionLogConfig,
  cache: z.strictObject({
    enabled: z.boolean().default(false).describe("Keep decisions until the next revision."),
    max_entries: z.int().min(1).max(10_000_000).default(10_000).describe("Decisions that are kept; when full, all are dropped."),
    ttl_seconds: z.number().min(0).max(86_400).default(0).describe("Seconds that a decision is kept; 0: until the next change."),
  }),
  log: z.strictObject({
    level: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info").describe("Least severe level that is logged."),
    format: z.enum(["json", "text"]).default("json").describe("One JSON object a line, or a line for people."),
  }),
})
export type Config = Readonly<z.infer<typeof Config>>

/** The limits of the server, read from their configured names. */
export function serverLimitsOf(config: Config): ServerLimits {
  const limits = new Map(Object.entries(config.server.limits))
  return ServerLimits.parse(Object.fromEntries(Object.keys(ServerLimits.shape).map((name) => [name, limits.get(snakeCase(name))])))
}

function snakeCased(shape: Readonly<Record<string, z.ZodType>>): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(shape).map(([name, schema]) => [snakeCase(name), schema]))
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
