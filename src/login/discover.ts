import { z } from "zod"
import { PdpError } from "../errors.js"
import { parsedJson } from "../model/parsed-json.js"
import { isPrintable } from "../model/printable.js"
import { unavailable } from "../model/unavailable.js"
import { tlsProblem } from "../outgoing/index.js"
import type { LoginHooks } from "./hooks.js"
import type { LoginFacts, LoginProvider } from "./provider.js"
import { askText, type TextAnswer } from "./text-answer.js"

/**
 * Asks a sidecar where and how to log in.
 *
 * @param sidecarUrl its base URL, which may have a path; https, or http on this machine: else the answer could send a password elsewhere
 * @throws {PdpError} `ERR_CONFIG_INVALID` when that is no such URL, `ERR_SOURCE_UNAVAILABLE` when no sidecar answers there
 */
export async function discoverLogin(sidecarUrl: string, hooks: LoginHooks = {}): Promise<LoginFacts> {
  const answer = await askText({ url: discoveryUrl(sidecarUrl), hooks: { timeoutMs: 10_000, ...hooks } }).catch((thrown: unknown) => {
    throw named(sidecarUrl, thrown)
  })
  const { auth_enabled: authEnabled, oidc } = documentOf(answer)
  return { authEnabled, ...(oidc && { provider: oidc }) }
}

/** They are shown, and stored. */
const shown = z.string().refine(isPrintable)
const text = shown.min(1)
const endpoint = shown.nullish().transform((value) => value || undefined)
const ProviderDocument = z
  .object({
    issuer: text,
    client_id: text,
    token_endpoint: endpoint,
    device_authorization_endpoint: endpoint,
    default_scopes: z
      .string()
      .nullish()
      .transform((value) => (value ?? "").split(/\s+/).filter((scope) => scope !== ""))
      .pipe(z.array(shown)),
    scope_prefix: endpoint,
  })
  .transform((oidc): LoginProvider => ({
    issuer: oidc.issuer,
    clientId: oidc.client_id,
    defaultScopes: oidc.default_scopes,
    ...(oidc.token_endpoint !== undefined && { tokenEndpoint: oidc.token_endpoint }),
    ...(oidc.device_authorization_endpoint !== undefined && { deviceAuthorizationEndpoint: oidc.device_authorization_endpoint }),
    ...(oidc.scope_prefix !== undefined && { scopePrefix: oidc.scope_prefix }),
  }))
const DiscoveryDocument = z.object({ auth_enabled: z.boolean(), oidc: ProviderDocument.nullish() })

function discoveryUrl(sidecarUrl: string): URL {
  if (!URL.canParse(sidecarUrl))
    throw new PdpError("ERR_CONFIG_INVALID", "the sidecar's URL is not one; write https://<host>, or http://127.0.0.1:<port>")
  const url = new URL(sidecarUrl)
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/apis/auth/discovery`
  url.search = ""
  url.hash = ""
  return url
}

function named(sidecarUrl: string, thrown: unknown): unknown {
  if (!(thrown instanceof PdpError) || thrown.code !== "ERR_SOURCE_UNAVAILABLE") return thrown
  const { problem } = thrown.details
  return unavailable(
    typeof problem === "string" ? problem : `${sidecarUrl} cannot be asked`,
    tlsProblem(sidecarUrl, thrown)?.remedy ?? "start the sidecar, or name another one with --url",
    thrown,
  )
}

function documentOf({ place, status, bytes }: TextAnswer): z.infer<typeof DiscoveryDocument> {
  const remedy = "is it a Portcullis sidecar? Name its base URL with --url"
  if (status !== 200) throw unavailable(`${place} answered ${status}`, remedy)
  const document = DiscoveryDocument.safeParse(parsedJson(bytes.toString()))
  if (document.success) return document.data
  const wrong = document.error.issues.map(({ path }) => path.join(".") || "all of it").join(", ")
  throw unavailable(`${place} answered something else than a login discovery document (wrong: ${wrong})`, remedy)
}
