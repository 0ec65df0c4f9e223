import { z } from "zod"
import { isCanonicalPath, pathOf } from "../model/canonical-path.js"
import { gatewayNames, type GatewayName } from "./gateway.js"

/** Where requests pass that would be denied. */
export const ShadowRule = z.strictObject({
  gateway: z.enum([...gatewayNames, "*"]).meta({ description: "Which gateway; `*`: all.", takes: [...gatewayNames, "*"].join(" | ") }),
  path_prefix: z
    .string()
    .refine((path) => isCanonicalPath(path) && !path.includes("?"), "must be a canonical path such as /apis/models, without query")
    .describe("What the path begins with, in whole segments; `/`: everything."),
})
/** See {@link ShadowRule}. */
export type ShadowRule = Readonly<z.infer<typeof ShadowRule>>

/** Tells where shadow mode is on. @returns for a target whose path is canonical */
export function shadowRules(rules: readonly ShadowRule[] = []): (gateway: GatewayName, target: string) => boolean {
  const parsed = rules.map(({ gateway, path_prefix }) => ({ gateway, prefix: path_prefix.replace(/\/$/, "") }))
  return (gateway, target) => {
    const path = pathOf(target)
    return parsed.some((rule) => (rule.gateway === "*" || rule.gateway === gateway) && (path === rule.prefix || path.startsWith(`${rule.prefix}/`)))
  }
}
