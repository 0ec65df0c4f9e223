import type { LoadedConfig } from "../config/index.js"
import type { ResolveHost } from "../outgoing/index.js"
import { checkAcceptance } from "./acceptance.js"
import { checkConfiguration, checkLogin, type Configured } from "./configuration.js"
import { checkDeviceFlow } from "./device-flow.js"
import { checks, unchecked, type Finding } from "./finding.js"
import { checkClock, checkProvider, type ProviderFacts, type ProviderHooks } from "./identity-provider.js"
import { checkRoles, type Wish } from "./roles.js"
import type { Rules } from "./rules.js"
import { checkSidecar, type SidecarHealth } from "./sidecar-health.js"
import { sidecarAt, type Sidecar } from "./sidecar.js"
import { checkPerson } from "./token-person.js"
import { checkProof } from "./token-proof.js"

/** What is examined. */
export interface Examination {
  /** Reads the configuration of the sidecar; undefined: what the sidecar tells counts. */
  readonly load?: (() => LoadedConfig) | undefined
  /** Of the sidecar, without a slash at the end. */
  readonly url: string
  /** Undefined: nothing is said of who asks. */
  readonly credentials?: Credentials | undefined
  readonly wish?: Wish | undefined
  /** Replaced in tests. */
  readonly hooks?: { readonly now?: () => number; readonly resolve?: ResolveHost }
}

/** Who asks: by a token, or by a name that a sidecar believes or not. */
export type Credentials = { readonly token: string } | { readonly principal: string }

/**
 * Looks at everything that must be right for a request to be allowed: configuration, sidecar, identity provider, and the credentials, in the order of
 * {@link checks}. Changes nothing; at the identity provider it begins a login that nobody finishes.
 *
 * @returns at least one finding for each check; without a token, of the checks of tokens the first alone
 */
export async function examine({ load, url, credentials, wish, hooks = {} }: Examination): Promise<readonly Finding[]> {
  const { now = Date.now, resolve } = hooks
  const sidecar = sidecarAt(url)
  const configured = checkConfiguration(load)
  const health = await checkSidecar(sidecar, now)
  const login = health.isUp ? await checkLogin(url, configured.rules) : { ...configured, findings: [unchecked("login", notUp)] }
  const { rules, provider } = login
  const [providers, deviceFlow] = await Promise.all([providerFacts(rules, { now, resolve }), checkDeviceFlow(provider, { now, resolve })])
  const found = [
    ...configured.findings,
    ...health.findings,
    ...login.findings,
    ...[...providers.values()].flatMap(({ findings }) => findings),
    rules ? checkClock([...providers.values()], health.aheadMs, rules) : unchecked("clock", noIssuer),
    deviceFlow,
    ...(await credentialFindings(credentials, { sidecar, health, rules, providers, wish, now })),
  ]
  return found.toSorted((a, b) => checks.indexOf(a.check) - checks.indexOf(b.check))
}

const notUp = "the sidecar does not answer"
const noIssuer = "no issuer is known"

async function providerFacts(rules: Configured["rules"], hooks: ProviderHooks): Promise<ReadonlyMap<string, ProviderFacts>> {
  if (!rules || rules.issuers.size === 0) return new Map([["", { findings: [unchecked("discovery", noIssuer), unchecked("keys", noIssuer)] }]])
  const asked = [...rules.issuers].map(async ([name, issuer]) => [name, await checkProvider(issuer, rules, hooks)] as const)
  return new Map(await Promise.all(asked))
}

interface Surroundings {
  readonly sidecar: Sidecar
  readonly health: SidecarHealth
  readonly rules: Rules | undefined
  readonly providers: ReadonlyMap<string, ProviderFacts>
  readonly wish: Wish | undefined
  readonly now: () => number
}

async function credentialFindings(credentials: Credentials | undefined, surroundings: Surroundings): Promise<readonly Finding[]> {
  if (!credentials) return [unchecked("token", "there is none", "log in with 'portcullis auth login', or give one with --token-file")]
  if ("token" in credentials) return tokenFindings(credentials.token, surroundings)
  const header = `${prefixOf(surroundings)}Principal-Id`
  return [unchecked("token", `${header} is sent instead of one`), ...(await callerFindings({ [header]: credentials.principal }, surroundings))]
}

async function tokenFindings(text: string, surroundings: Surroundings): Promise<readonly Finding[]> {
  const { health, rules, providers, wish, now } = surroundings
  const keys = new Map([...providers].flatMap(([name, facts]) => (facts.keys ? [[name, facts.keys] as const] : [])))
  const serverNow = (): number => now() + (health.aheadMs ?? 0)
  const { findings, token, issuer } = await checkProof(text, { rules, keys, now: serverNow })
  const person = token ? checkPerson(token, issuer, rules, wish?.method) : unreadable
  return [...findings, ...person, ...(await callerFindings({ Authorization: `Bearer ${text}` }, surroundings))]
}

const unreadable = (["principal", "e-mail", "administrator", "groups", "scopes"] as const).map((check) =>
  unchecked(check, "the token cannot be read"),
)

async function callerFindings(headers: Readonly<Record<string, string>>, surroundings: Surroundings): Promise<readonly Finding[]> {
  const { sidecar, health, wish } = surroundings
  if (!health.isUp) return [unchecked("acceptance", notUp), unchecked("roles", notUp)]
  const { finding, caller } = await checkAcceptance(sidecar, headers)
  if (!caller) return [finding, unchecked("roles", "the sidecar does not accept the credentials")]
  return [finding, await checkRoles({ sidecar, headers, headerPrefix: prefixOf(surroundings) }, caller, wish)]
}

function prefixOf({ rules }: Surroundings): string {
  return rules?.headerPrefix ?? "X-NMP-"
}
