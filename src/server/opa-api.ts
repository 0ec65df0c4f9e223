import { randomUUID } from "node:crypto"
import { PdpError } from "../errors.js"
import { regoFiles } from "../bundle/index.js"
import { dataEntrypointNames, dataPlaces, entrypointPaths, type DataPlace } from "../opa/index.js"
import type { Pdp, Profile } from "../pdp/pdp.js"
import type { OpaOptions, PolicyText } from "./opa-options.js"

/** What the routes of OPA's API use. */
export interface OpaApi {
  /** What the rest of a path below `/v1/data` names, with the policy that decides now. */
  place(rest: string): DataPlace | "malformed"
  has(entrypoint: string): boolean
  /** The policy is somebody's own: inputs are his business, and there may be base data. */
  isCustom(): boolean
  /** Without a `/` at its beginning. */
  defaultDecision(): string
  readonly dataWrites: boolean
  readonly authorization: boolean
  /** `undefined` while no decision log is kept. */
  newDecisionId(): string | undefined
  readonly labels: Readonly<Record<string, string>>
  configuration(): Readonly<Record<string, unknown>>
  policies(): Promise<readonly PolicyText[]>
}

/** What asks for the consent of the policy. */
export const authorizationEntrypoint = "system/authz/allow"

/**
 * Follows the policy of a PDP: another one may have other entrypoints.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` for options that the policy cannot fulfil
 */
export function opaApi(pdp: Pdp, options: OpaOptions, version: string): OpaApi {
  const { dataWrites = false, authorization = false, decisionIds = false } = options
  let known = policyOf(pdp)
  pdp.on("activation", () => (known = known.digest === digestOf(pdp) ? known : policyOf(pdp)))
  const isCustom = (): boolean => known.profile === "custom"
  if (dataWrites && !(isCustom() && pdp.data))
    throw new PdpError(
      "ERR_CONFIG_INVALID",
      "opa.dataWrites (opa.data_writes) is for a policy of your own, by policy.path; data of the product's policies changes at its sources",
    )
  if (authorization && pdp.status().ready && !known.entrypoints.has(authorizationEntrypoint))
    throw new PdpError(
      "ERR_CONFIG_INVALID",
      `opa.authorization needs a policy of your own with the entrypoint ${authorizationEntrypoint}; build it with -e ${authorizationEntrypoint}`,
    )
  return {
    place: (rest) => known.place(rest),
    has: (entrypoint) => known.entrypoints.has(entrypoint),
    isCustom,
    defaultDecision: () => (options.defaultDecision ?? (isCustom() ? "system/main" : "authz/allow")).replace(/^\/+/, ""),
    dataWrites,
    authorization,
    newDecisionId: () => (decisionIds ? randomUUID() : undefined),
    labels: { ...options.labels, id: options.labels?.["id"] ?? randomUUID(), version },
    configuration: options.configuration ?? (() => ({})),
    policies: options.policies ?? (() => policyTexts(pdp, known.profile)),
  }
}

interface KnownPolicy {
  readonly profile: Profile | "custom"
  readonly digest: string
  readonly entrypoints: ReadonlySet<string>
  readonly place: OpaApi["place"]
}

function policyOf(pdp: Pdp): KnownPolicy {
  const { profile, policy } = pdp.status()
  const isCustom = profile === "custom"
  const entrypoints = isCustom ? policy.entrypoints : dataEntrypointNames.map((name) => entrypointPaths[name])
  return { profile, digest: policy.digest, entrypoints: new Set(entrypoints), place: dataPlaces(entrypoints, isCustom) }
}

function digestOf(pdp: Pdp): string {
  return pdp.status().policy.digest
}

async function policyTexts(pdp: Pdp, profile: Profile | "custom"): Promise<readonly PolicyText[]> {
  if (profile === "custom") return [...(pdp.modules?.() ?? [])].map(([id, raw]) => ({ id, raw }))
  const files = await regoFiles(profile)
  return files.map(({ name, body }) => ({ id: name, raw: Buffer.from(body).toString("utf8") }))
}
