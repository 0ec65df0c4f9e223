// Runs the Rego tests and every test that needs a real OPA; finds or installs it first. Arguments go to vitest.
import { findOpa } from "./opa.mjs"
import { regoCoverage } from "./rego-coverage.mjs"
import { runVitest } from "./vitest.mjs"

try {
  const opa = findOpa()
  process.stderr.write(`portcullis: OPA is ${opa}\n`)
  const rego = regoCoverage(opa)
  const vitest = runVitest(["real"], process.argv.slice(2), { OPA_BIN: opa })
  process.exitCode = rego || vitest
} catch (cause) {
  process.stderr.write(`portcullis: ${cause.message}\n`)
  process.exitCode = 1
}
