// Runs the differential suite at any size: npm run test:differential -- --cases 1000000 --seed 7 --profile nemo [--opa]
import { parseArgs } from "node:util"
import { findOpa } from "./opa.mjs"
import { runVitest } from "./vitest.mjs"

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      cases: { type: "string" },
      seed: { type: "string" },
      profile: { type: "string" },
      opa: { type: "boolean", default: false },
    },
  })
  const env = {
    ...(values.cases ? { DIFFERENTIAL_CASES: whole("cases", values.cases) } : {}),
    ...(values.seed ? { DIFFERENTIAL_SEED: whole("seed", values.seed) } : {}),
    ...(values.profile ? { DIFFERENTIAL_PROFILE: known(values.profile) } : {}),
    ...(values.opa ? { OPA_BIN: findOpa() } : {}),
    ...(process.stderr.isTTY ? { DIFFERENTIAL_PROGRESS: "true" } : {}),
  }
  process.exitCode = runVitest(["differential", ...(values.opa ? ["real"] : [])], ["differential", "--testTimeout=0", ...positionals], env)
} catch (cause) {
  process.stderr.write(`portcullis: ${cause.message}\n`)
  process.exitCode = 2
}

function whole(name, text) {
  if (/^[0-9]+$/.test(text)) return text
  throw new Error(`--${name} must be a whole number, not '${text}'`)
}

function known(profile) {
  if (profile === "hardened" || profile === "nemo") return profile
  throw new Error(`--profile must be hardened or nemo, not '${profile}'`)
}
