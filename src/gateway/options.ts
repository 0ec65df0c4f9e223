import { z } from "zod"
import { aFunction } from "../model/options.js"
import { ShadowRule } from "./shadow.js"

/** How gateways are served. */
export interface GatewayOptions {
  /** Lets CORS preflights pass where the method that they ask about is a known operation: they carry no credentials. Default false. */
  readonly allowCorsPreflight?: boolean | undefined
  /**
   * `authorize` decides on each request of Envoy's HTTP filter; `authenticate` only finds out who asks, as the reference does, and leaves decisions to the
   * services behind. Default `authorize`.
   */
  readonly envoyMode?: "authorize" | "authenticate" | undefined
  /**
   * How long a question waits for an identity provider, in milliseconds, from 1 to 5,000: then it is refused with 401 `idp_unavailable`, and the keys are fetched
   * behind it. Let it be less than the gateway waits for an answer. Default 100.
   */
  readonly idpWaitMs?: number | undefined
  /** Where requests pass that would be denied. Default: nowhere. */
  readonly shadow?: readonly ShadowRule[] | undefined
  /** Keys for `X-Portcullis-Decision`, which the first of them signs; asked at each request, so that the file can be read again. Default: it is not sent. */
  readonly decisionKeys?: (() => readonly string[]) | undefined
}

/** {@link GatewayOptions}, from JavaScript, too. */
export const GatewayOptionsSchema: z.ZodObject = z.strictObject({
  allowCorsPreflight: z.boolean().optional(),
  envoyMode: z.enum(["authorize", "authenticate"]).optional(),
  idpWaitMs: z.int().min(1).max(5_000).optional(),
  shadow: z.array(ShadowRule).optional(),
  decisionKeys: aFunction.optional(),
})
