import { expect, it } from "vitest"
import { issuerLogs } from "../../../src/cli/identity-log.js"
import { PdpError } from "../../../src/errors.js"
import { createLogger } from "../../../src/telemetry/index.js"

const error = new PdpError("ERR_IDP_UNAVAILABLE", "it does not answer")
const issuer = "https://idp.example/realms/a/"

function logging() {
  const lines: unknown[] = []
  return { lines, log: issuerLogs(createLogger({ stream: { write: (line) => void lines.push(JSON.parse(line)) } })) }
}

it("an issuer that cannot be asked is a warning once, and an info once it answers again", () => {
  const { lines, log } = logging()
  const keys = log("its keys")
  keys.onRecovery(issuer)
  keys.onProblem({ issuer, error })
  keys.onProblem({ issuer, error })
  keys.onProblem({ issuer: "https://other.example", error })
  keys.onRecovery(issuer)
  keys.onRecovery(issuer)
  keys.onProblem({ issuer, error })
  const warning = { level: 40, issuer, reason: "it does not answer" }
  expect(lines).toMatchObject([warning, { ...warning, issuer: "https://other.example" }, { level: 30, issuer }, warning])
})

it("an issuer that cannot be asked for two things is one warning, and one info once it has answered both", () => {
  const { lines, log } = logging()
  const [keys, login] = [log("its keys"), log("where to log in")]
  keys.onProblem({ issuer, error })
  login.onProblem({ issuer, error })
  keys.onRecovery(issuer)
  expect(lines).toMatchObject([{ level: 40, issuer }])
  login.onRecovery(issuer)
  expect(lines).toMatchObject([{ level: 40 }, { level: 30, issuer }])
})

it("the warning says that what is known stays in use only when something is known", () => {
  const { lines, log } = logging()
  log("its keys").onProblem({ issuer, error })
  log("its keys").onProblem({ issuer: "https://other.example", error, hasKnown: true })
  expect(lines).toMatchObject([{ msg: expect.not.stringContaining("stays in use") }, { msg: expect.stringContaining("stays in use") }])
})
