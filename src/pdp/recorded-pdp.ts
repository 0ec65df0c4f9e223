import type { DecisionLog, DecisionRecorder, RequestOrigin } from "../decision-log/index.js"
import type { Decision } from "../model/decision.js"
import type { Pdp } from "./pdp.js"

/** The same PDP, and its decisions are noted. What is asked by `explain` and `whatIf` is none; the entrypoint `authz/explain` is noted like any. */
export function recordedPdp(pdp: Pdp, log: Pick<DecisionLog, "recorder">): Pdp {
  const recorder = log.recorder(pdp)
  const { clock } = recorder
  const decided = <Question extends Parameters<DecisionRecorder["question"]>[0]>(path: string, decide: (question: Question) => Decision) => {
    return (question: Question, origin?: RequestOrigin): Decision => {
      const startedAt = clock()
      let decision: Decision
      try {
        decision = decide(question)
      } catch (thrown) {
        recorder.question(question, { path, allowed: undefined, thrown, startedAt, origin })
        throw thrown
      }
      recorder.question(question, { path, allowed: decision.allowed, revision: decision.revision, startedAt, origin })
      return decision
    }
  }
  const answered = (path: string, input: unknown, answer: () => unknown, origin: RequestOrigin | undefined): unknown => {
    const startedAt = clock()
    let result: unknown
    let revision: string
    try {
      revision = pdp.revision()
      result = answer()
    } catch (thrown) {
      recorder.evaluation(input, undefined, { path, allowed: undefined, thrown, startedAt, origin })
      throw thrown
    }
    recorder.evaluation(input, result, { path, allowed: allowedIn(path, result), revision, startedAt, origin })
    return result
  }
  return {
    ...pdp,
    authorize: decided("authz/allow", pdp.authorize),
    hasPermissions: decided("authz/has_permissions", pdp.hasPermissions),
    hasRole: decided("authz/has_role", pdp.hasRole),
    authorizeMany(requests, origin) {
      const startedAt = clock()
      const decisions = pdp.authorizeMany(requests)
      for (const [at, { allowed, revision }] of decisions.entries()) {
        const question = requests[at]
        if (question) recorder.question(question, { path: "authz/allow", allowed, revision, startedAt, origin })
      }
      return decisions
    },
    evaluate: (path, input, origin) => (isUnnoted(path) ? pdp.evaluate(path, input) : answered(path, input, () => pdp.evaluate(path, input), origin)),
    document: (path, input, answer, origin) => {
      const read = (): unknown => answer((entrypoint) => pdp.evaluate(entrypoint, input))
      return isUnnoted(path) ? read() : answered(path, input, read, origin)
    },
  }
}

/** What a server asks for itself, with the headers of its callers, is no decision of theirs, and is not noted, whoever asks. */
export function isUnnoted(path: string): boolean {
  return path.startsWith("system/authz/") || path.startsWith("system/health/")
}

/** Undefined for what is no decision. */
function allowedIn(path: string, result: unknown): boolean | undefined {
  if (typeof result === "boolean") return result
  if (path === "authz/explain") return undefined
  if (path === "authz/allow_many") return Array.isArray(result) && result.every((one) => one === true)
  const isOurs = /^authz\/[^/]+$/.test(path)
  if (typeof result !== "object" || result === null) return isOurs ? false : undefined
  if ("has_role" in result && path === "authz/has_role") return result.has_role === true
  if (isOurs) return "allowed" in result && result.allowed === true
  if ("allowed" in result && typeof result.allowed === "boolean") return result.allowed
  return "allow" in result && typeof result.allow === "boolean" ? result.allow : undefined
}
