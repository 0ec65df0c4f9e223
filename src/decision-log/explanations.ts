import { z } from "zod"
import type { DecisionEntry } from "./entry.js"
import type { LogEvent } from "./event.js"

/** Which decisions are explained in the log. */
export type ExplainWhich = "denies" | "all" | "none"

const Facts = z.object({ allowed: z.boolean(), reasons: z.array(z.string()), endpoint: z.string().optional() })

/** Is this one to be explained? Only what asks whether a request may pass has an explanation. */
export function isToBeExplained(which: ExplainWhich, { path, allowed, error }: DecisionEntry): boolean {
  if (which === "none" || allowed === undefined || error !== undefined) return false
  return explainable.has(path) && (which === "all" || !allowed)
}

const explainable: ReadonlySet<string> = new Set(["authz/allow", "authz/allow/allowed", "authz/allowed"])

/**
 * Adds why it was decided so and on which endpoint, as the policy explains it now. Where that is another state than that of the decision, the event
 * says so; where the explanation says another decision, it does not go with this one and is left out. Whatever is thrown leaves it out, too.
 */
export function explained(entry: DecisionEntry, event: LogEvent): LogEvent {
  const { policy, question, allowed, revision } = entry
  try {
    const { facts, revision: now } = explanationOf(policy, question, entry.input)
    const checked = Facts.safeParse(facts)
    if (!checked.success) return event
    const { reasons, endpoint } = checked.data
    const later = now === revision ? {} : { reasons_revision: now }
    if (checked.data.allowed !== allowed) return { ...event, ...later }
    const [reason] = reasons
    return { ...event, ...(reason !== undefined && { reason, reasons }), ...(endpoint !== undefined && { endpoint }), ...later }
  } catch {
    return event
  }
}

function explanationOf(
  policy: DecisionEntry["policy"],
  question: DecisionEntry["question"],
  input: unknown,
): { readonly facts: unknown; readonly revision: string } {
  const revision = policy.revision()
  if (question?.method === undefined || question.path === undefined) return { facts: policy.evaluate("authz/explain", input), revision }
  const { principal, method, path } = question
  return { facts: policy.explain({ principal, method, path }), revision }
}
