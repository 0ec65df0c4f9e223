import type { Principal } from "../model/principal.js"
import { CheckAnswer } from "./check-answer.js"
import type { CheckQuestion } from "./check.js"
import { configuredBy, type ConfigFlags } from "./config-options.js"
import { configuredPdp } from "./configured-pdp.js"
import type { Terminal } from "./terminal.js"

/** Decides in this process, on the files that flags and configuration name. */
export async function checkLocally(question: CheckQuestion, flags: ConfigFlags, terminal: Terminal): Promise<CheckAnswer> {
  const { pdp } = await configuredPdp(configuredBy(flags, terminal).config, false, terminal)
  try {
    const request = { principal: principalOf(question), method: question.method, path: question.path }
    return CheckAnswer.parse({ ...pdp.explain(request), ...pdp.authorize(request) })
  } finally {
    await pdp.close()
  }
}

function principalOf({ principal, email, groups, scopes, onBehalfOf }: CheckQuestion): Principal {
  const isService = principal.startsWith("service:")
  return {
    kind: isService ? "service" : "person",
    id: isService ? principal.slice("service:".length) : principal,
    groups: [...groups],
    ...(email !== undefined && { email }),
    ...(scopes && { scopes: [...scopes] }),
    ...(onBehalfOf && { onBehalfOf }),
  }
}
