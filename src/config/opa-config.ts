import { z } from "zod"
import { dataEntrypointNames, entrypointPaths } from "../opa/index.js"
import type { Flaw } from "./flaw.js"

/** How OPA's API is served. */
export const OpaConfig = z.strictObject({
  default_decision: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe("What `POST /` decides, for example `todo/allow`. Default: `authz/allow`; of a policy of your own `system/main`, as in OPA."),
  data_writes: z
    .boolean()
    .default(false)
    .describe(
      "`PUT`, `PATCH` and `DELETE` below `/v1/data` change the data of `policy.path`, in memory, until one of its files changes. For trusted peers, and never what begins with `authz`.",
    ),
  authorization: z
    .boolean()
    .default(false)
    .describe(
      "Each request to the main listener needs the consent of the entrypoint `system/authz/allow` of your own policy, as with OPA's `--authorization=basic`.",
    ),
  labels: z
    .record(z.string().min(1).max(128), z.string().max(1_024))
    .default({})
    .meta({ description: "What this process is called in decision logs, in what it reports, and in `/v1/config`, beside `id` and `version`." }),
})
export type OpaConfig = Readonly<z.infer<typeof OpaConfig>>

/** Keys of `decision_log` that the policy is asked for. */
export interface AskingPolicy {
  readonly policy_mask: boolean
  readonly policy_drop: boolean
}

/** What else of a configuration these depend on. */
export interface PolicyFacts {
  /** `policy.path` is set. */
  readonly isOwn: boolean
  /** A bundle decides, which may hold a policy of somebody's own. */
  readonly isBundle: boolean
}

/** Values that are right alone and wrong together. */
export function opaFlaws(opa: OpaConfig, decisionLog: AskingPolicy, { isOwn, isBundle }: PolicyFacts): readonly Flaw[] {
  const { default_decision: decision, data_writes, authorization, labels } = opa
  const flaws: Flaw[] = []
  if (data_writes && !isOwn)
    flaws.push({
      key: "opa.data_writes",
      problem: isBundle
        ? "is true, and bundle_source brings the data; set policy.path to the bundle instead, or change the bundle, or set it to false"
        : "is true, and the product's policy decides, whose data changes at its sources only; set policy.path to a policy of your own, or set it to false",
    })
  const asked = [
    { key: "opa.authorization", isOn: authorization, rule: "system/authz/allow" },
    { key: "decision_log.policy_mask", isOn: decisionLog.policy_mask, rule: "system/log/mask" },
    { key: "decision_log.policy_drop", isOn: decisionLog.policy_drop, rule: "system/log/drop" },
  ]
  for (const { key, isOn, rule } of asked)
    if (isOn && !isOwn && !isBundle)
      flaws.push({
        key,
        problem: `is true, and the product's policy has no ${rule}; set policy.path to a policy of your own that has it, or set it to false`,
      })
  if (decision !== undefined && !isOwn && !isBundle && !isOfTheProduct(decision))
    flaws.push({
      key: "opa.default_decision",
      problem: `'${decision}' is nothing that the product's policy decides; name one of ${[...productPaths].join(", ")}, or leave it out`,
    })
  for (const name of ["id", "version"])
    if (Object.hasOwn(labels, name))
      flaws.push({ key: "opa.labels", path: [name], problem: "is what each process sets itself; take another name for it, such as 'name'" })
  return flaws
}

const productPaths: ReadonlySet<string> = new Set(dataEntrypointNames.map((name) => entrypointPaths[name]))

/** An entrypoint, or a place in its result. */
function isOfTheProduct(decision: string): boolean {
  return productPaths.has(decision.split("/").filter(Boolean).slice(0, 2).join("/"))
}
