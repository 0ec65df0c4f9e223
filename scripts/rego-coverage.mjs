// Runs the Rego tests per build (profile × seam). Every line of policies/ must be covered in at least one build.
import { spawnSync } from "node:child_process"
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { findOpa } from "./opa.mjs"
import { policyFiles, profiles, regoFiles, root, seams } from "./policy-builds.mjs"

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = regoCoverage(findOpa())

/**
 * @param {string} opa path of the binary
 * @returns {number} 0 when every test of every build passes and every line is covered
 */
export function regoCoverage(opa) {
  const lines = new Map()
  const counts = { numPassedTests: 0, numFailedTests: 0 }
  for (const profile of Object.keys(profiles)) for (const seam of seams) testBuild(opa, profile, seam, lines, counts)
  if (process.env.REGO_REPORT) writeFileSync(process.env.REGO_REPORT, JSON.stringify(counts))
  const uncovered = [...lines].filter(([, covered]) => !covered).map(([line]) => line)
  for (const line of uncovered) process.stdout.write(`not covered: ${line}\n`)
  const percent = lines.size === 0 ? 0 : (100 * (lines.size - uncovered.length)) / lines.size
  process.stdout.write(`rego: ${lines.size - uncovered.length} of ${lines.size} lines covered (${percent.toFixed(1)} %)\n`)
  return counts.numFailedTests > 0 || uncovered.length > 0 || lines.size === 0 ? 1 : 0
}

/** Adds what the tests of one build cover and count; a build that cannot be tested counts as one failed test. */
function testBuild(opa, profile, seam, lines, counts) {
  const sources = policyFiles(profile, seam)
  const files = [...sources, ...testFiles(profile, seam)]
  const tests = runOpa(opa, ["test", "--timeout=60s", "--format=json", ...files]) ?? []
  const failing = tests.filter((test) => test.fail || test.error)
  for (const test of failing) process.stdout.write(`FAIL ${profile}/${seam} ${test.location.file}:${test.location.row} ${test.name}\n`)
  process.stdout.write(`rego: ${profile}/${seam}: ${tests.length - failing.length} passed, ${failing.length} failed\n`)
  counts.numPassedTests += tests.length - failing.length
  counts.numFailedTests += tests.length === 0 ? 1 : failing.length
  if (tests.length === 0 || failing.length > 0) return
  // Without the further passes that only say why a line is not covered: each takes as long as the first.
  const report = runOpa(opa, ["test", "--timeout=60s", "--coverage", "--coverage-runs=", "--format=json", ...files])
  for (const source of sources) {
    const file = report?.files[source] ?? {}
    mark(lines, source, file.not_covered, false)
    mark(lines, source, file.covered, true)
  }
}

/** Tests of the profile, and those of its seam. */
function testFiles(profile, seam) {
  const own = regoFiles(profiles[profile]).filter((file) => file.endsWith("_test.rego"))
  const ofSeam = `policies/bindings/${seam}_test.rego`
  return existsSync(join(root, ofSeam)) ? [...own, ofSeam] : own
}

function runOpa(opa, args) {
  const result = spawnSync(opa, args, { cwd: root, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 })
  try {
    return JSON.parse(result.stdout)
  } catch {
    process.stdout.write(`opa ${args[0]} failed: ${result.stderr || result.stdout || result.error?.message}\n`)
    return undefined
  }
}

function mark(lines, source, ranges, covered) {
  for (const { start, end } of ranges ?? []) {
    for (let row = start.row; row <= end.row; row++) {
      const line = `${source}:${row}`
      lines.set(line, covered || lines.get(line) === true)
    }
  }
}
