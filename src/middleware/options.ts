import { z } from "zod"
import type { AuthenticationOptions, PeerOptions } from "../authn/index.js"
import { PdpError } from "../errors.js"
import { aFunction, checkOptions } from "../model/options.js"
import type { Pdp } from "../pdp/index.js"
import type { DecisionEvent } from "./decision-event.js"
import type { GatewayDecisions } from "./gateway-decision.js"
import type { OpenPaths } from "./open-paths.js"

/** Options of `admission`: who decides, and who is believed. */
export interface AdmissionOptions {
  /** Decides. Who made it closes it; then requests are answered with 503. */
  readonly pdp: Pick<Pdp, "authorize" | "explain" | "atLeast">
  /** Whose bearer tokens are believed. Default: nobody's. */
  readonly authentication?: AuthenticationOptions | undefined
  /** Which peers may say in `X-NMP-Principal-*` who asks. Default: none, not even this machine. */
  readonly peers?: Pick<PeerOptions, "trustedPeers" | "secrets"> | undefined
  /**
   * Believe `X-NMP-Authorized: true` with `X-Portcullis-Decision` of a gateway that `peers` proves by a secret or a client certificate. Default:
   * never.
   */
  readonly gatewayDecisions?: GatewayDecisions | undefined
  /** What needs no decision; nothing is looked at there, no credentials either. By the host's own paths, without query. Default: nothing. */
  readonly open?: OpenPaths | undefined
  /** How long `X-Portcullis-At-Least` of a trusted peer may wait, in seconds, from 0 to 300. Default 5. Others are told at once that it is too early. */
  readonly atLeastSeconds?: number | undefined
  /**
   * Hears of each decision and refusal before it takes effect, and is awaited. When it throws, the answer is 500 and Node's `warning` event has the
   * error: nobody is let in unheard. Without it, failures inside are such warnings, too.
   */
  readonly onDecision?: ((event: DecisionEvent) => void | Promise<void>) | undefined
}

/** Options of each `portcullis` function. */
export interface MiddlewareOptions<Request> extends AdmissionOptions {
  /** The path in the authorization data that stands for a request, as a request target. Default: the raw request target. */
  readonly path?: ((request: Request) => string) | undefined
}

/**
 * Checks the options of a `portcullis` function, from JavaScript, too.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the option
 */
export function checkMiddlewareOptions(options: AdmissionOptions): void {
  checkOptions("portcullis", Options, options)
  const { secrets, trustedPeers = [] } = options.peers ?? {}
  const isProvable = secrets !== undefined || trustedPeers.some((entry) => /^certificate(?::|$)/.test(entry))
  if (options.gatewayDecisions && !isProvable) throw new PdpError("ERR_CONFIG_INVALID", unprovableText)
}

const unprovableText =
  "portcullis: the option 'gatewayDecisions' needs peers that can be proven; set peers.secrets, or list certificate in peers.trustedPeers"

const Options = z.strictObject({
  pdp: z.custom<AdmissionOptions["pdp"]>(isPdp, "must be what createPdp gives; await it"),
  authentication: z.looseObject({}).optional(),
  peers: z.strictObject({ trustedPeers: z.array(z.string()).optional(), secrets: aFunction.optional() }).optional(),
  gatewayDecisions: z.strictObject({ keys: aFunction }).optional(),
  open: z.union([z.array(z.string()), aFunction], "must be a list of paths, or a function").optional(),
  atLeastSeconds: z.number().min(0).max(300).optional(),
  onDecision: aFunction.optional(),
  path: aFunction.optional(),
})

function isPdp(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false
  return "authorize" in value && typeof value.authorize === "function" && "explain" in value && "atLeast" in value
}
