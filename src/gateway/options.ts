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
  /** Where requests pass that would be denied. Default: nowhere. */
  readonly shadow?: readonly ShadowRule[] | undefined
  /** Keys for `X-Portcullis-Decision`, which the first of them signs; asked at each request, so that the file can be read again. Default: it is not sent. */
  readonly decisionKeys?: (() => readonly string[]) | undefined
}

/** {@link GatewayOptions}, from JavaScript, too. */
export const GatewayOptionsSchema: z.ZodObject = z.strictObject({
  allowCorsPreflight: z.boolean().optional(),
  envoyMode: z.enum(["authorize", "authenticate"]).optional(),
  shadow: z.array(ShadowRule).optional(),
  decisionKeys: aFunction.optional(),
})
