import type { Principal } from "../model/principal.js"
import type { CheckAnswer, CheckQuestion } from "./check.js"
import { configuredBy, type ConfigFlags } from "./config-options.js"
import { configuredPdp } from "./configured-pdp.js"
import type { Terminal } from "./terminal.js"

/** Decides in this process, on the files that flags and configuration name. */
export async function checkLocally(question: CheckQuestion, flags: ConfigFlags, terminal: Terminal): Promise<CheckAnswer> {
  const { pdp } = await configuredPdp(configuredBy(flags, terminal).config, false)
  try {
    const request = { principal: principalOf(question), method: question.method, path: question.path }
    const { allowed, revision } = pdp.authorize(request)
    const { reasons, notes } = pdp.explain(request)
    return { allowed, reasons: allowed ? [] : reasons, ...(notes && { notes }), revision }
  } finally {
    await pdp.close()
  }
}

function principalOf({ principal, email, groups, scopes }: CheckQuestion): Principal {
  const isService = principal.startsWith("service:")
  return {
    kind: isService ? "service" : "person",
    id: isService ? principal.slice("service:".length) : principal,
    groups: [...groups],
    ...(email !== undefined && { email }),
    ...(scopes && { scopes: [...scopes] }),
  }
}
