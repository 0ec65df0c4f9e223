import type { CheckAnswer } from "./check-answer.js"
import type { CheckQuestion } from "./check.js"

/** Why a question was denied, in words: a line for each fact that helps to change that. */
export function denialLines(question: CheckQuestion, answer: CheckAnswer): readonly string[] {
  const { endpoint, method = question.method, rule, notes = [] } = answer
  const matched = endpoint === undefined || answer.reasons.includes("unknown_method") ? [] : [`matches ${method} ${endpoint}`]
  return [
    ...answer.reasons.flatMap((reason) => linesOf(reason, question, answer)),
    ...matched,
    ...(rule === undefined ? [] : [`rule ${rule} decides`]),
    ...methodLines(question),
    ...notes,
  ]
}

function linesOf(reason: string, question: CheckQuestion, answer: CheckAnswer): readonly string[] {
  const { endpoint = "the path", caller = "caller of this kind" } = answer
  switch (reason) {
    case "role_missing":
    case "role_insufficient":
      return [...permissionLines(answer), ...roleLines(question, answer)]
    case "scope_missing":
      return [scopeLine(answer)]
    case "unknown_path":
      return ["no path template of the authorization data matches this path"]
    case "unknown_method":
      return [`${endpoint} has no operation '${question.method}'`]
    case "path_not_canonical":
      return ["the path is not canonical: it could be spelled in another way, or holds what no path may"]
    case "caller_kind":
      return [`the operation is not for a ${caller}`]
    case "operation_denied":
      return ["the operation is denied for everybody, under a denied prefix, or not for workspace '-'"]
    case "not_authenticated":
      return ["nobody is known to ask, and the operation is not public"]
    case "delegate_not_allowed":
      return delegateLines(question, answer)
    case "input_invalid":
      return ["the question is malformed"]
    case "no_data":
      return ["there is no authorization data with endpoints"]
    default:
      return []
  }
}

function permissionLines({ missing_permissions: missing = [], workspace }: CheckAnswer): readonly string[] {
  return missing.length === 0 ? [] : [`needs ${missing.join(", ")} in '${lookedUpIn(workspace)}'`]
}

/** Permissions for workspace `-`, all workspaces, are looked up in `system`. */
function lookedUpIn(workspace = "system"): string {
  return workspace === "-" ? "system" : workspace
}

function roleLines({ principal, onBehalfOf }: CheckQuestion, { roles = {} }: CheckAnswer): readonly string[] {
  const held = Object.entries(roles)
  if (held.length > 0) return held.map(([name, names]) => `${name === "*" ? "everybody (*)" : name} holds ${names.join(", ")} there`)
  return [onBehalfOf === undefined ? `${principal} holds no role there` : `${principal} and ${onBehalfOf.id} hold no role there`]
}

function scopeLine({ required_scopes: required = [], scopes_presented: presented = [] }: CheckAnswer): string {
  const carried = presented.length === 0 ? "none" : presented.join(", ")
  return `needs one of the scopes ${required.join(", ")}; presented: ${carried}`
}

function delegateLines(question: CheckQuestion, answer: CheckAnswer): readonly string[] {
  const { principal, onBehalfOf } = question
  if (!principal.startsWith("service:")) return ["only a service may act on behalf of somebody"]
  if (onBehalfOf?.id.startsWith("service:")) return ["nobody may act on behalf of a service"]
  return [`'${onBehalfOf?.id ?? "the delegate"}' may not do this: both must be allowed`, ...permissionLines(answer), ...roleLines(question, answer)]
}

function methodLines({ method }: CheckQuestion): readonly string[] {
  const upper = method.toUpperCase()
  return method === upper ? [] : [`the method is compared as it is: '${method}' is not '${upper}'`]
}
