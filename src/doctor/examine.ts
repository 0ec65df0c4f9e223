import type { LoadedConfig } from "../config/index.js"
import type { ResolveHost } from "../outgoing/index.js"
import { checkAcceptance, type Acceptance } from "./acceptance.js"
import { checkAdministrator } from "./administrator.js"
import { checkConfiguration, checkLogin, type Configured } from "./configuration.js"
import { checkDeviceFlow } from "./device-flow.js"
import { checks, unchecked, type Check, type Finding } from "./finding.js"
import { checkClock, checkProvider, type ProviderFacts, type ProviderHooks } from "./identity-provider.js"
import { checkRoles, type Wish } from "./roles.js"
import type { Rules } from "./rules.js"
import { checkSidecar, notUp, type SidecarHealth } from "./sidecar-health.js"
import { withVerdict, type TokenSource } from "./sidecar-verdict.js"
import { sidecarAt, type Sidecar } from "./sidecar.js"
import { checkPerson } from "./token-person.js"
import { checkProof } from "./token-proof.js"

/** What is examined. */
export interface Examination {
  /** Reads the configuration of the sidecar; undefined: what the sidecar tells counts. */
  readonly load?: (() => LoadedConfig) | undefined
  /** Of the sidecar, without a slash at the end; or `unix:` and a path. */
  readonly url: string
  /** Undefined: nothing is said of who asks. */
  readonly credentials?: Credentials | undefined
  readonly wish?: Wish | undefined
  /** Replaced in tests. */
  readonly hooks?: { readonly now?: () => number; readonly resolve?: ResolveHost }
}

/** Who asks: by a token, or by a name that a sidecar believes or not; and where that came from. */
export type Credentials =
  { readonly token: string; readonly source: TokenSource } | { readonly principal: string; readonly source: "PORTCULLIS_PRINCIPAL" | "flag" }

/**
 * Looks at everything that must be right for a request to be allowed: configuration, sidecar, identity provider, and the credentials, in the order of
 * {@link checks}. Changes nothing; at the identity provider it begins a login that nobody finishes.
 *
 * @returns at least one finding for each check
 */
export async function examine({ load, url, credentials, wish, hooks = {} }: Examination): Promise<readonly Finding[]> {
  const { now = Date.now, resolve } = hooks
  const sidecar = sidecarAt(url)
  const configured = checkConfiguration(load)
  const health = await checkSidecar(sidecar, now)
  const login = health.isUp ? await checkLogin(url, configured.rules) : { ...configured, findings: [unchecked("login", notUp)] }
  const { rules, provider } = login
  const providers = await providerFacts(rules, { now, resolve })
  const isReachable = providers.get(provider?.issuer ?? "")?.isReachable ?? true
  const surroundings = { sidecar, health, rules, providers, wish, now }
  const found = [
    ...configured.findings,
    ...health.findings,
    ...keysFindings(surroundings),
    ...login.findings,
    ...[...providers.values()].flatMap(({ findings }) => findings),
    rules ? checkClock([...providers.values()], health.aheadMs, rules) : unchecked("clock", noIssuer),
    provider || health.isUp ? await checkDeviceFlow(provider, isReachable, { now, resolve }) : unchecked("device flow", notUp),
    ...(await credentialFindings(credentials, surroundings)),
  ]
  return found.toSorted((a, b) => checks.indexOf(a.check) - checks.indexOf(b.check))
}

/** What is wrong with a token that a sidecar has refused, by the checks of {@link examine} that look at tokens and their issuer. */
export async function examineToken(examination: Omit<Examination, "credentials" | "wish"> & { readonly token: string }): Promise<readonly Finding[]> {
  const { load, url, token, hooks = {} } = examination
  const { now = Date.now, resolve } = hooks
  const { rules } = await checkLogin(url, checkConfiguration(load).rules)
  const providers = await providerFacts(rules, { now, resolve })
  const health = { findings: [], isUp: true, aheadMs: undefined, unreachable: new Map(), notices: [] }
  const found = await tokenFindings(token, "login", { sidecar: sidecarAt(url), health, rules, providers, wish: undefined, now })
  return [...[...providers.values()].flatMap(({ findings }) => findings), ...found].filter(({ check, ok }) => ok === false && ofTokens.has(check))
}

const ofTokens: ReadonlySet<Check> = new Set(["discovery", "keys", "token", "issuer", "audience", "expiry", "signature", "principal", "groups"])
const noIssuer = "no issuer is known"

async function providerFacts(rules: Configured["rules"], hooks: ProviderHooks): Promise<ReadonlyMap<string, ProviderFacts>> {
  if (!rules || rules.issuers.size === 0)
    return new Map([["", { findings: [unchecked("discovery", noIssuer), unchecked("keys", noIssuer)], isReachable: true }]])
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

/** A sidecar cannot ask whom we cannot ask, either. */
function keysFindings({ health, providers }: Surroundings): readonly Finding[] {
  return [...health.unreachable].map(([issuer, finding]) =>
    (providers.get(issuer)?.isReachable ?? true) ? finding : unchecked("data", "see discovery"),
  )
}

async function credentialFindings(credentials: Credentials | undefined, surroundings: Surroundings): Promise<readonly Finding[]> {
  if (!credentials)
    return [
      unchecked("token", "there is none", "log in with 'portcullis auth login', or pass one with --token or --token-file"),
      ...[...ofProof, ...ofPersons, ...ofCallers].map((check) => unchecked(check, "there is no token")),
      ...(await administratorFindings(surroundings, undefined)),
    ]
  if ("token" in credentials) return tokenFindings(credentials.token, credentials.source, surroundings)
  const header = `${prefixOf(surroundings)}Principal-Id`
  const { acceptance, findings } = await callerFindings({ [header]: credentials.principal }, surroundings)
  const sent = [
    unchecked("token", `${header} is sent instead of one`),
    ...[...ofProof, ...ofPersons].map((check) => unchecked(check, "a name is sent")),
  ]
  return [...sent, ...findings.map((finding) => withoutName(finding, acceptance, credentials.source))]
}

const ofProof = ["issuer", "audience", "expiry", "signature"] as const
const ofPersons = ["principal", "e-mail", "groups", "scopes"] as const
const ofCallers = ["acceptance", "roles"] as const

function withoutName(finding: Finding, { refusal }: Partial<Acceptance>, source: string): Finding {
  if (source !== "PORTCULLIS_PRINCIPAL" || finding.check !== "acceptance" || refusal?.code !== "principal_header_rejected") return finding
  return { ...finding, remedy: "unset PORTCULLIS_PRINCIPAL, and log in with 'portcullis auth login'" }
}

async function tokenFindings(text: string, source: TokenSource, surroundings: Surroundings): Promise<readonly Finding[]> {
  const { health, rules, providers, wish, now } = surroundings
  const keys = new Map([...providers].flatMap(([name, facts]) => (facts.keys ? [[name, facts.keys] as const] : [])))
  const serverNow = (): number => now() + (health.aheadMs ?? 0)
  const { findings, token, issuer } = await checkProof(text, { rules, keys, now: serverNow })
  const person = token ? checkPerson(token, issuer, rules, wish?.method) : ofPersons.map((check) => unchecked(check, "the token cannot be read"))
  const { acceptance, findings: ofCaller } = await callerFindings({ Authorization: `Bearer ${text}` }, surroundings)
  return withVerdict([...findings, ...person, ...ofCaller], acceptance, token, source)
}

interface CallerFindings {
  readonly acceptance: Partial<Acceptance>
  readonly findings: readonly Finding[]
}

async function callerFindings(headers: Readonly<Record<string, string>>, surroundings: Surroundings): Promise<CallerFindings> {
  const { sidecar, health, providers, wish } = surroundings
  if (!health.isUp)
    return { acceptance: {}, findings: [...(["acceptance", "roles", "administrator"] as const)].map((check) => unchecked(check, notUp)) }
  const acceptance = await checkAcceptance(sidecar, headers)
  const { caller, refusal } = acceptance
  const isCutOff = refusal?.code === "idp_unavailable" && [...providers.values()].some(({ isReachable }) => !isReachable)
  const finding = isCutOff ? unchecked("acceptance", "see discovery") : acceptance.finding
  const roles = caller
    ? await checkRoles({ sidecar, headers, headerPrefix: prefixOf(surroundings) }, caller, wish)
    : unchecked("roles", "the sidecar does not accept the credentials")
  return { acceptance, findings: [finding, roles, ...(await administratorFindings(surroundings, acceptance))] }
}

async function administratorFindings(surroundings: Surroundings, acceptance: Acceptance | undefined): Promise<readonly Finding[]> {
  const { sidecar, health, rules } = surroundings
  if (!health.isUp) return [unchecked("administrator", notUp)]
  const facts = { adminEmail: rules?.adminEmail, notices: health.notices, caller: acceptance?.caller }
  return checkAdministrator({ sidecar, headerPrefix: prefixOf(surroundings) }, facts)
}

function prefixOf({ rules }: Surroundings): string {
  return rules?.headerPrefix ?? "X-NMP-"
}
