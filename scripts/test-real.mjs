// Runs the Rego tests and every test that needs a real OPA, a real gateway or the reference's published command line and SDK; finds or installs them first.
// --without traefik leaves the tests of a gateway out. Other arguments go to vitest.
import { findGateways, gatewayPrograms } from "./gateways.mjs"
import { findNemo } from "./nemo.mjs"
import { findOpaCases } from "./opa-cases.mjs"
import { findOpa } from "./opa.mjs"
import { regoCoverage } from "./rego-coverage.mjs"
import { runVitest } from "./vitest.mjs"

try {
  const { without, others } = leftOut(process.argv.slice(2))
  const gateways = await findGateways(gatewayPrograms.filter((name) => !without.includes(name)))
  for (const [variable, path] of Object.entries(gateways)) process.stderr.write(`portcullis: ${variable} is ${path}\n`)
  for (const name of without) process.stderr.write(`portcullis: not run: the tests of ${name} (--without ${name})\n`)
  const opa = findOpa()
  process.stderr.write(`portcullis: OPA is ${opa}\n`)
  const nemo = await findNemo()
  process.stderr.write(`portcullis: nemo-platform is in ${nemo}\n`)
  const cases = await findOpaCases()
  process.stderr.write(`portcullis: OPA's conformance cases are in ${cases}\n`)
  const rego = regoCoverage(opa)
  const env = { OPA_BIN: opa, NEMO_VENV: nemo, OPA_CASES: cases, ...gateways, WITHOUT_GATEWAYS: without.join(",") }
  const vitest = runVitest(["real"], others, env)
  process.exitCode = rego || vitest
} catch (cause) {
  process.stderr.write(`portcullis: ${cause.message}\n`)
  process.exitCode = 1
}

/** Takes each `--without NAME` out of the arguments. */
function leftOut(args) {
  const without = []
  const others = []
  for (let at = 0; at < args.length; at++) {
    if (args[at] !== "--without") {
      others.push(args[at])
      continue
    }
    const name = args[++at]
    if (!gatewayPrograms.includes(name)) throw new Error(`--without needs one of ${gatewayPrograms.join(", ")}, not '${name ?? ""}'`)
    without.push(name)
  }
  return { without, others }
}
