import { z } from "zod"
import { messageOf, PdpError } from "../errors.js"
import { getJson } from "../outgoing/index.js"
import { hookSettings, type AuthenticationHooks, type IssuerProblem } from "./options.js"

/** Whose discovery document to read, and how. */
export interface ProviderMetadataOptions {
  /** Exactly as the document must name it. */
  readonly issuer: string
  /** Default: any. */
  readonly allowedHosts?: readonly string[] | undefined
  /** How long a document is as good as new, in seconds. Default 3600. */
  readonly cacheSeconds?: number | undefined
  /** After a failure the issuer is not asked again for this long, in seconds. Default 5. */
  readonly cooldownSeconds?: number | undefined
  /** Called whenever the document could not be read, also when an old one serves. */
  readonly onProblem?: ((problem: IssuerProblem) => void) | undefined
  /** Called with the issuer when it answers again after `onProblem`. Must not throw. */
  readonly onRecovery?: ((issuer: string) => void) | undefined
  readonly hooks?: AuthenticationHooks | undefined
}

/** The members of a discovery document that are used here. @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata */
export const ProviderMetadata = z.object({
  issuer: z.string(),
  jwks_uri: z.string().optional(),
  authorization_endpoint: z.string().optional(),
  token_endpoint: z.string().optional(),
  device_authorization_endpoint: z.string().optional(),
  userinfo_endpoint: z.string().optional(),
})
export type ProviderMetadata = z.infer<typeof ProviderMetadata>

/** Reads one discovery document, again and again. */
export interface ProviderMetadataReader {
  /**
   * The document; an old one when a new one cannot be had. Callers that ask at the same time share one request.
   *
   * @param mostAgeSeconds default: the `cacheSeconds` of the options
   * @throws {PdpError} `ERR_IDP_UNAVAILABLE` with reason `idp_unavailable` when there is none
   */
  read(mostAgeSeconds?: number): Promise<ProviderMetadata>
  /** What was read last, however old. Asks nobody. */
  known(): ProviderMetadata | undefined
}

/** Reads `<issuer>/.well-known/openid-configuration`, and keeps it. Nothing is asked before the first `read`. */
export function providerMetadata(options: ProviderMetadataOptions): ProviderMetadataReader {
  const { issuer, cacheSeconds = 3_600, cooldownSeconds = 5, onProblem, onRecovery } = options
  const { now } = hookSettings(options.hooks)
  let known: { readonly metadata: ProviderMetadata; readonly at: number } | undefined
  let failed: { readonly error: PdpError; readonly at: number } | undefined
  let running: Promise<void> | undefined

  const isOver = (since: number, seconds: number): boolean => now() < since || now() - since >= seconds * 1_000

  const refresh = async (): Promise<void> => {
    try {
      known = { metadata: await fetched(options), at: now() }
      if (failed) onRecovery?.(issuer)
      failed = undefined
    } catch (thrown) {
      const error = idpUnavailable(issuer, thrown)
      failed = { error, at: now() }
      onProblem?.({ issuer, error, hasKnown: known !== undefined })
    } finally {
      running = undefined
    }
  }

  return {
    async read(mostAgeSeconds = cacheSeconds) {
      if (known && !isOver(known.at, mostAgeSeconds)) return known.metadata
      if (!failed || isOver(failed.at, cooldownSeconds)) await (running ??= refresh())
      if (known) return known.metadata
      throw failed?.error ?? idpUnavailable(issuer, "it has not answered")
    },
    known: () => known?.metadata,
  }
}

/** An issuer cannot be asked. @param thrown why; its message is repeated, so it must hold no secret */
export function idpUnavailable(issuer: string, thrown: unknown): PdpError {
  if (thrown instanceof PdpError && thrown.reason === "idp_unavailable") return thrown
  return new PdpError("ERR_IDP_UNAVAILABLE", `the identity provider '${issuer}' cannot be asked: ${messageOf(thrown)}`, {
    reason: "idp_unavailable",
    cause: thrown,
  })
}

async function fetched({ issuer, allowedHosts, hooks }: ProviderMetadataOptions): Promise<ProviderMetadata> {
  const { resolve, timers } = hookSettings(hooks)
  const { json } = await getJson({ url: `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, allowedHosts, resolve, timers })
  const checked = ProviderMetadata.safeParse(json)
  if (!checked.success) throw notOurs("its discovery document is none", "check that the issuer is the one of an OpenID provider")
  if (checked.data.issuer === issuer) return checked.data
  throw notOurs(
    `its discovery document names the issuer ${JSON.stringify(checked.data.issuer.slice(0, 256))}`,
    "configure the issuer exactly so, slash and all",
  )
}

function notOurs(what: string, remedy: string): PdpError {
  return new PdpError("ERR_IDP_UNAVAILABLE", `${what}; ${remedy}`)
}
