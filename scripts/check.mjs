// Format, lint, types, unused code, architecture. Every part runs, even when an earlier one failed.
import { spawn } from "node:child_process"
import { join } from "node:path"
import { root } from "./policy-builds.mjs"

const bin = (name) => join(root, "node_modules/.bin", name)
const parts = [
  ["format", bin("prettier"), ["--check", "--log-level=warn", "."]],
  ["lint", bin("oxlint"), ["--type-aware", "--deny-warnings"]],
  ["types", bin("tsc"), ["-p", "tsconfig.json"]],
  ["unused", bin("knip"), ["--no-progress"]],
  ["architecture", bin("vitest"), ["run", "--project", "unit", "test/architecture", "--reporter=dot"]],
]

const started = Date.now()
const results = await Promise.all(parts.map(([name, command, args]) => run(name, command, args)))
const failed = results.filter(({ code }) => code !== 0)
for (const { name, output } of failed) process.stdout.write(`--- ${name} failed\n${output}\n`)
process.stdout.write(`check: ${results.length - failed.length} passed, ${failed.length} failed in ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
process.exitCode = failed.length > 0 ? 1 : 0

function run(name, command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
    const chunks = []
    child.stdout.on("data", (chunk) => chunks.push(chunk))
    child.stderr.on("data", (chunk) => chunks.push(chunk))
    child.on("error", (error) => resolve({ name, code: 1, output: error.message }))
    child.on("close", (code) => resolve({ name, code: code ?? 1, output: Buffer.concat(chunks).toString() }))
  })
}
