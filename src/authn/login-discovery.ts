import { isLoopback } from "../model/loopback.js"
import type { AuthenticationHooks, IssuerProblem } from "./options.js"
import { providerMetadata, type ProviderMetadata } from "./provider-metadata.js"
import { waitingRoom, type OnWait } from "./waiting-room.js"

/** Options of {@link loginDiscovery}. */
export interface LoginDiscoveryOptions {
  /** False: there is nothing to log in to, whatever `oidc` says. */
  readonly authEnabled: boolean
  /** Absent: no identity provider. */
  readonly oidc?: LoginProviderOptions | undefined
  /** Called when the identity provider could not be asked, for logs. Must not throw. */
  readonly onProblem?: ((problem: IssuerProblem) => void) | undefined
  /** Called with the issuer when it answers again after `onProblem`, for logs. Must not throw. */
  readonly onRecovery?: ((issuer: string) => void) | undefined
  /** Replaced in tests. */
  readonly hooks?: AuthenticationHooks | undefined
}

/** Where people log in. Endpoints that are set here win over those in the provider's own document. */
export interface LoginProviderOptions {
  readonly issuer: string
  readonly clientId: string
  /** What to ask for unless told otherwise, with spaces between. */
  readonly defaultScopes: string
  /** What the provider puts before each scope of ours. */
  readonly scopePrefix?: string | undefined
  readonly authorizationEndpoint?: string | undefined
  readonly tokenEndpoint?: string | undefined
  readonly deviceAuthorizationEndpoint?: string | undefined
  readonly userinfoEndpoint?: string | undefined
  /** How long the provider's document is as good as new, in seconds. Default 300; 0: it is asked for each time. */
  readonly cacheSeconds?: number | undefined
  /** Hosts from which that document may be fetched. Default: any. */
  readonly allowedHosts?: readonly string[] | undefined
}

/** The answer to `GET /apis/auth/discovery`, as the reference has it. What is not known is left out. */
export interface DiscoveryDocument {
  readonly auth_enabled: boolean
  readonly oidc: DiscoveredProvider | null
}

/** Where to log in, for programs that do. */
export interface DiscoveredProvider {
  readonly issuer: string
  readonly authorization_endpoint?: string
  readonly token_endpoint?: string
  readonly device_authorization_endpoint?: string
  readonly userinfo_endpoint?: string
  readonly client_id: string
  /** With spaces between. */
  readonly default_scopes: string
  readonly scope_prefix?: string
}

/** Says where to log in. */
export interface LoginDiscovery {
  /**
   * Never fails: what the provider cannot be asked for is left out, and so it is while 100 wait for its first answer. After a failure it is not asked
   * again for 5 seconds.
   */
  readonly read: (onWait?: OnWait) => Promise<DiscoveryDocument>
}

/**
 * Tells programs where people log in: what is configured, and for the rest what the provider's own document says, an old one while a new one cannot
 * be had. Nobody waits for a new one where an old one is kept. The provider is not asked when there is no need to, nor before the first `read`.
 */
export function loginDiscovery({ authEnabled, oidc, onProblem, onRecovery, hooks }: LoginDiscoveryOptions): LoginDiscovery {
  if (!authEnabled || oidc === undefined) return { read: () => Promise.resolve({ auth_enabled: authEnabled, oidc: null }) }
  const { issuer, allowedHosts, cacheSeconds = 300 } = oidc
  const configured = configuredEndpoints(oidc)
  const isComplete = endpointNames.every((name) => configured[name] !== undefined)
  const provider = providerMetadata({ issuer, allowedHosts, cacheSeconds, cooldownSeconds: 5, onProblem, onRecovery, hooks })
  const room = waitingRoom(mostWaiting)
  const metadata = async (onWait?: OnWait): Promise<Partial<ProviderMetadata>> => {
    const old = provider.known()
    const asked = provider.read().catch(nothingKnown)
    return cacheSeconds > 0 && old ? old : ((await room.wait(asked, onWait)) ?? old ?? {})
  }
  return {
    async read(onWait) {
      const published = isComplete ? {} : publishedEndpoints(await metadata(onWait))
      return { auth_enabled: true, oidc: documentOf(oidc, { ...published, ...configured }) }
    },
  }
}

const mostWaiting = 100
const endpointNames = ["authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "userinfo_endpoint"] as const

type Endpoints = Pick<DiscoveredProvider, (typeof endpointNames)[number]>

function configuredEndpoints(oidc: LoginProviderOptions): Endpoints {
  return {
    ...(oidc.authorizationEndpoint !== undefined && { authorization_endpoint: oidc.authorizationEndpoint }),
    ...(oidc.tokenEndpoint !== undefined && { token_endpoint: oidc.tokenEndpoint }),
    ...(oidc.deviceAuthorizationEndpoint !== undefined && { device_authorization_endpoint: oidc.deviceAuthorizationEndpoint }),
    ...(oidc.userinfoEndpoint !== undefined && { userinfo_endpoint: oidc.userinfoEndpoint }),
  }
}

/** `onProblem` has been told why. */
function nothingKnown(): Partial<ProviderMetadata> {
  return {}
}

function publishedEndpoints(metadata: Partial<ProviderMetadata>): Endpoints {
  return Object.fromEntries(endpointNames.map((name) => [name, metadata[name]]).filter(([, url]) => url !== undefined && isSafe(url)))
}

/** People type passwords there: nothing that is sent in the clear to another machine. */
function isSafe(endpoint: string): boolean {
  if (!URL.canParse(endpoint)) return false
  const url = new URL(endpoint)
  if (url.username !== "" || url.password !== "") return false
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname))
}

function documentOf({ issuer, clientId, defaultScopes, scopePrefix }: LoginProviderOptions, endpoints: Endpoints): DiscoveredProvider {
  return {
    issuer,
    ...endpoints,
    client_id: clientId,
    default_scopes: defaultScopes,
    ...(scopePrefix !== undefined && { scope_prefix: scopePrefix }),
  }
}
