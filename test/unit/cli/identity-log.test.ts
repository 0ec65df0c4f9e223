import { expect, it } from "vitest"
import { issuerLog } from "../../../src/cli/identity-log.js"
import { PdpError } from "../../../src/errors.js"
import { createLogger } from "../../../src/telemetry/index.js"

it("an issuer that cannot be asked is a warning once, and an info once it answers again", () => {
  const lines: unknown[] = []
  const log = issuerLog(createLogger({ stream: { write: (line) => void lines.push(JSON.parse(line)) } }), "its keys")
  const error = new PdpError("ERR_IDP_UNAVAILABLE", "it does not answer")
  const problem = { issuer: "https://idp.example/realms/a", error }
  log.onRecovery(problem.issuer)
  log.onProblem(problem)
  log.onProblem(problem)
  log.onProblem({ issuer: "https://other.example", error })
  log.onRecovery(problem.issuer)
  log.onRecovery(problem.issuer)
  log.onProblem(problem)
  const warning = { level: 40, issuer: "idp.example", reason: "it does not answer" }
  expect(lines).toMatchObject([warning, { ...warning, issuer: "other.example" }, { level: 30, issuer: "idp.example" }, warning])
})
