import { decodedToken } from "../../login/index.js"
import { failed, passed, unchecked } from "../finding.js"
import type { GatewayFinding } from "./gateway-finding.js"
import { replyText } from "./outcome.js"
import { isName, type ProbedPaths } from "./controls.js"
import type { Probing } from "./probing.js"
import { said, type Question } from "./question.js"
import type { Baseline } from "./stage.js"
import { canonicalName, identityIn, upstreamView, type IdentityView } from "./upstream-view.js"

/** What the upstream sees when nobody tries anything. */
export interface Baselines {
  readonly findings: readonly GatewayFinding[]
  readonly baselines: readonly Baseline[]
  /** Whom the sidecar takes the token for. */
  readonly principal?: string
}

/** Asks the echo route, if there is one, and looks whether the identity of the sidecar's answer arrives. */
export async function checkUpstream(probing: Probing, { echo, open }: ProbedPaths, token: string | undefined): Promise<Baselines> {
  const ofOpen = open === undefined ? undefined : await seen(probing, { as: [], target: open })
  const baselines = ofOpen?.view ? [{ as: [], path: ofOpen.question.target, view: ofOpen.view }] : []
  if (echo === undefined || token === undefined)
    return { findings: [unchecked("upstream", echo === undefined ? noEcho : "there is no token", noEchoRemedy)], baselines }
  const { question, reply, view } = await seen(probing, { as: ["token"], target: echo })
  if (!view) return { findings: [failed("upstream", `${said(question)}: answered ${replyText(reply)}, which is no echo`, echoRemedy)], baselines }
  const identity = identityIn(view, probing.headerPrefix)
  const lacks = lacksOf(identity, canonicalName(probing.headerPrefix), token)
  const [principal] = identity.get(`${canonicalName(probing.headerPrefix)}principal-id`) ?? []
  return {
    findings:
      lacks.length > 0
        ? lacks.map((lack) => failed("upstream", `${said(question)}: the upstream got ${lack}`, probing.remedy("copy")))
        : [passed("upstream", `it gets what the sidecar says of the caller, once each: ${identity.size} headers`)],
    baselines: [{ as: question.as, path: echo, view }, ...baselines],
    ...(principal !== undefined && isName(principal) && { principal }),
  }
}

const noEcho = "it is not told what the upstream sees"
const noEchoRemedy = "name a route with --echo that answers with the request as JSON, such as examples/gateways/upstream.mjs does"
const echoRemedy = "name a route with --echo that answers {method, url, headers: [[name, value], …]}"

async function seen(probing: Probing, question: Question) {
  const reply = await probing.ask(question)
  return { question, reply, view: upstreamView(reply) }
}

/** What an upstream must know, and does not. */
function lacksOf(identity: IdentityView, prefix: string, token: string): readonly string[] {
  const doubles = [...identity].filter(([, values]) => values.length > 1).map(([name, values]) => `${name} ${values.length} times`)
  const value = (name: string): string => identity.get(`${prefix}${name}`)?.[0]?.trim() ?? ""
  return [
    ...doubles,
    ...(value("principal-id") === "" ? [`no ${prefix}principal-id`] : []),
    ...(value("authorized") === "true" ? [] : [`no ${prefix}authorized: true`]),
    ...(hasScopes(token) && value("scopes") === "" ? [`no ${prefix}scopes, which says that the caller is not restricted`] : []),
  ]
}

function hasScopes(token: string): boolean {
  const { scope, scp } = decodedToken(token)?.claims ?? {}
  return [scope, scp].some((scopes) => (typeof scopes === "string" || Array.isArray(scopes)) && scopes.length > 0)
}
