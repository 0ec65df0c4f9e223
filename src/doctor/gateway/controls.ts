import { decodedToken } from "../../login/index.js"
import type { Refused } from "./answer-checks.js"
import { failed, passed, quoted, unchecked } from "../finding.js"
import { warned, type GatewayCheck, type GatewayFinding } from "./gateway-finding.js"
import { codeIn, outcomeOf, replyText } from "./outcome.js"
import type { Probing } from "./probing.js"
import { said, type Question } from "./question.js"
import type { RawReply } from "./raw-client.js"
import type { Guarded } from "./stage.js"

/** The paths that are asked for. */
export interface ProbedPaths {
  /** The token may `GET` it. */
  readonly allowed: string
  /** The token may not. */
  readonly denied?: string | undefined
  /** Anybody may. */
  readonly open?: string | undefined
  /** The token may, and the answer tells what the upstream saw. */
  readonly echo?: string | undefined
}

/** What is so when nobody tries anything. */
export interface Controls {
  readonly findings: readonly GatewayFinding[]
  /** What should pass does not: that something else does not, either, says nothing. */
  readonly isBroken: boolean
  readonly guarded: readonly Guarded[]
  readonly refusals: readonly Refused[]
}

/** Asks for each path as it should be asked for. */
export async function checkControls(probing: Probing, paths: ProbedPaths): Promise<Controls> {
  const { allowed, denied, open } = paths
  const first = await answered(probing, probing.hasToken ? ["token"] : [], allowed)
  if ("lost" in first.reply && first.reply.lost !== "closed") return unreachable(probing, first)
  const kind = probing.kind()
  const gateway = passed("gateway", `${probing.origin.origin} answers, and ${kind ? `is ${kind}` : "does not say what it is: see --kind"}`)
  const control = probing.hasToken ? allowedFinding(probing, first) : unchecked("allowed", "there is no token", noToken)
  const nobody = await answered(probing, [], allowed)
  const stranger = await answered(probing, ["bad token"], allowed)
  const kept = probing.hasToken && denied !== undefined ? await answered(probing, ["token"], denied) : undefined
  const anybody = open === undefined ? undefined : await answered(probing, [], open)
  const refused = [nobody, stranger].map((one, at) => refusedFinding(probing, at === 0 ? "no token" : "bad token", one, 401))
  const deniedFinding = kept
    ? refusedFinding(probing, "denied", kept, 403)
    : unchecked("denied", denied === undefined ? "it is not said what the token may not read" : "there is no token", "name it with --denied")
  const openFindings = anybody ? [openFinding(anybody)] : []
  const guarded: readonly Guarded[] = [
    ...(isRefused(nobody, 401) ? [{ as: [], path: allowed, lure: open ?? publicPath }] : []),
    ...(kept && denied !== undefined && isRefused(kept, 403) ? [{ as: ["token" as const], path: denied, lure: allowed }] : []),
  ]
  return {
    findings: [gateway, control, ...refused, deniedFinding, ...openFindings],
    isBroken: control.ok === false,
    guarded,
    refusals: [nobody, stranger, ...(kept ? [kept] : [])].filter(({ reply }) => !("lost" in reply) && [401, 403].includes(reply.status)),
  }
}

/** Whose name a token says, unverified: worth pretending to be. */
export function principalOf(token: string | undefined): string {
  const name = token === undefined ? undefined : decodedToken(token)?.claims["sub"]
  return typeof name === "string" && isName(name) ? name : "service:portcullis-doctor"
}

/** True for what can go into a header. */
export function isName(name: string): boolean {
  return /^[\x21-\x7e]{1,200}$/.test(name)
}

/** Everybody may read it where our authorization data is in use. */
const publicPath = "/apis/auth/discovery"
const noToken = "log in with 'portcullis auth login', or pass one with --token-file"

interface Answered {
  readonly question: Question
  readonly reply: RawReply
}

async function answered(probing: Probing, as: Question["as"], target: string): Promise<Answered> {
  const question: Question = { as, target }
  return { question, reply: await probing.ask(question) }
}

function unreachable(probing: Probing, { reply }: Answered): Controls {
  const { why, remedy = "look into the gateway's log, or allow more time with --timeout" } = "lost" in reply ? reply : { why: "" }
  return { findings: [failed("gateway", `${probing.origin.origin} does not answer: ${why}`, remedy)], isBroken: true, guarded: [], refusals: [] }
}

function allowedFinding(probing: Probing, { question, reply }: Answered): GatewayFinding {
  if (outcomeOf(question, reply) === "passed") return passed("allowed", `${said(question)}: answered ${replyText(reply)}`)
  if (outcomeOf(question, reply) === "shadowed")
    return failed(
      "allowed",
      `${said(question)}: passed in shadow mode alone, and would be denied`,
      "name a path with --allowed that the token may read",
    )
  return failed("allowed", `${said(question)}: answered ${replyText(reply)}`, allowedRemedy(probing, reply))
}

function allowedRemedy(probing: Probing, reply: RawReply): string {
  if ("lost" in reply) return "look into the gateway's log"
  const code = codeIn(reply)
  if (code === "peer_not_trusted") return "list the gateway's address in trusted_peers of the sidecar"
  if (code === "input_invalid") return `the sidecar cannot tell what it is asked: ${probing.remedy("trustForward")}`
  if (reply.status === 401) return `ask 'portcullis doctor' what is wrong with the token${code === undefined ? "" : ` (${quoted(code)})`}`
  if (reply.status === 403) return "name a path with --allowed that the token may read, and look whether the gateway passes path and method on"
  if (reply.status >= 500) return "look whether sidecar and service run, and the gateway reaches both: its log says which"
  return "name a path with --allowed that the service answers with 200"
}

function isRefused({ reply }: Answered, status: number): boolean {
  return !("lost" in reply) && reply.status === status
}

function refusedFinding(probing: Probing, check: GatewayCheck, one: Answered, due: 401 | 403): GatewayFinding {
  const { question, reply } = one
  const text = `${said(question)}: answered ${replyText(reply)}`
  if (isRefused(one, due)) return passed(check, text)
  const outcome = outcomeOf(question, reply)
  if (outcome === "shadowed") return warned(check, "shadow", `${text}, in shadow mode`, "nothing is enforced there until gateway.shadow is off")
  if (outcome === "passed")
    return failed(
      check,
      text,
      `${probing.remedy("protect")}${check === "denied" ? "; or name another path with --denied: the token may read this one" : ""}`,
    )
  return failed(
    check,
    `${text}, and ${due} is due`,
    due === 401 ? closedRemedy : "name a path with --denied that the service has, and the token may not read",
  )
}

const closedRemedy = "it is closed, but the client is not told to log in: give the sidecar's 401 to the client as it is"

function openFinding({ question, reply }: Answered): GatewayFinding {
  const text = `${said(question)}: answered ${replyText(reply)}`
  return outcomeOf(question, reply) === "passed" ? passed("open", text) : failed("open", text, "name a path with --open that everybody may read")
}
