import type { LoadedConfig } from "../config/index.js"
import { discoverLogin, type LoginProvider } from "../login/index.js"
import { PdpError } from "../errors.js"
import { failed, failedBy, passed, quoted, unchecked, type Finding } from "./finding.js"
import { rulesOf, rulesOfProvider, type Rules } from "./rules.js"

/** What is known of how a sidecar is configured. */
export interface Configured {
  readonly findings: readonly Finding[]
  /** Undefined when nothing is known. */
  readonly rules?: Rules
  /** Where and how the sidecar lets people log in. */
  readonly provider?: LoginProvider
}

/** Reads the configuration. @param load undefined when none is named */
export function checkConfiguration(load: (() => LoadedConfig) | undefined): Configured {
  if (!load) return { findings: [unchecked("configuration", "none is named, so what the sidecar tells counts", "name its file with --config")] }
  try {
    const { config, warnings } = load()
    const rules = rulesOf(config)
    const remarks = warnings.map((warning) => passed("configuration", warning))
    return { findings: [passed("configuration", "it is valid"), ...remarks], rules }
  } catch (thrown) {
    return { findings: configurationProblems(thrown) }
  }
}

/** One finding for each problem. */
function configurationProblems(thrown: unknown): readonly Finding[] {
  if (!(thrown instanceof PdpError)) throw thrown
  const [head = "", ...problems] = thrown.message.split("\n").map((line) => line.trim())
  return (problems.length > 0 ? problems : [head]).map((problem) => {
    const [detail = "", ...remedies] = problem.split("; ")
    return failed("configuration", detail, remedies.join("; ") || (problems.length > 0 ? correctIt : checkPath))
  })
}

const correctIt = "correct it; 'portcullis config reference' describes every key"
const checkPath = "check the path after --config or in PORTCULLIS_CONFIG"

/** Asks the sidecar how to log in; what it tells takes the place of a configuration that is not there, and must agree with one that is. */
export async function checkLogin(url: string, known: Rules | undefined): Promise<Configured> {
  try {
    const facts = await discoverLogin(url)
    if (!facts.authEnabled) return withRules(known, authIsOff)
    if (!facts.provider) return withRules(known, noProvider(known))
    return { ...withRules(known ?? rulesOfProvider(facts.provider), providerFinding(facts.provider, known)), provider: facts.provider }
  } catch (thrown) {
    return withRules(known, failedBy("login", thrown))
  }
}

const authIsOff = failed("login", "auth is off at the sidecar: tokens are not looked at there", "set auth.enabled to true")

function withRules(rules: Rules | undefined, finding: Finding): Configured {
  return { findings: [finding], ...(rules && { rules }) }
}

function noProvider(known: Rules | undefined): Finding {
  const [issuer] = known?.issuers.keys() ?? []
  if (issuer === undefined) return unchecked("login", "no identity provider is configured", "set auth.oidc.issuer and auth.oidc.client_id")
  return failed("login", `the configuration names the issuer ${quoted(issuer)}, the sidecar none`, restart)
}

function providerFinding({ issuer, clientId }: LoginProvider, known: Rules | undefined): Finding {
  const [first] = known?.issuers.keys() ?? []
  if (known && first !== issuer)
    return failed(
      "login",
      `the configuration names ${first === undefined ? "no issuer" : `the issuer ${quoted(first)}`}, the sidecar ${quoted(issuer)}`,
      restart,
    )
  return passed("login", `people log in at ${quoted(issuer)} as client ${quoted(clientId)}`)
}

const restart = "start the sidecar with this configuration, or name the one that it runs with by --config, or another sidecar by --url"
