// Runs the Rego tests and every test that needs a real OPA or the reference's published command line and SDK; finds or installs them first.
// Arguments go to vitest.
import { findNemo } from "./nemo.mjs"
import { findOpaCases } from "./opa-cases.mjs"
import { findOpa } from "./opa.mjs"
import { regoCoverage } from "./rego-coverage.mjs"
import { runVitest } from "./vitest.mjs"

try {
  const opa = findOpa()
  process.stderr.write(`portcullis: OPA is ${opa}\n`)
  const nemo = await findNemo()
  process.stderr.write(`portcullis: nemo-platform is in ${nemo}\n`)
  const cases = await findOpaCases()
  process.stderr.write(`portcullis: OPA's conformance cases are in ${cases}\n`)
  const rego = regoCoverage(opa)
  const vitest = runVitest(["real"], process.argv.slice(2), { OPA_BIN: opa, NEMO_VENV: nemo, OPA_CASES: cases })
  process.exitCode = rego || vitest
} catch (cause) {
  process.stderr.write(`portcullis: ${cause.message}\n`)
  process.exitCode = 1
}
