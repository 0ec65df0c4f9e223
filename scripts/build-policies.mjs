// Compiles each profile to policies/build/<profile>.wasm and writes build.json. `--check` compares a fresh build with the committed one.
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findOpa, opaVersion } from "./opa.mjs"
import { entrypointsOf, policyFiles, profiles, root } from "./policy-builds.mjs"

const committed = join(root, "policies/build")

try {
  if (process.argv.includes("--check")) check()
  else build(committed)
} catch (cause) {
  process.stderr.write(`${cause.message}\n`)
  process.exitCode = 1
}

function build(target) {
  const opa = findOpa()
  mkdirSync(target, { recursive: true })
  for (const file of readdirSync(target)) rmSync(join(target, file))
  const builds = {}
  for (const profile of Object.keys(profiles)) {
    const files = policyFiles(profile, "embedded")
    if (files.length === 0) throw new Error(`${profiles[profile]} holds no Rego files`)
    const entrypoints = entrypointsOf(files)
    const wasm = compile(opa, files, entrypoints)
    writeFileSync(join(target, `${profile}.wasm`), wasm)
    builds[profile] = {
      wasm: `${profile}.wasm`,
      sha256: sha256(wasm),
      entrypoints,
      files: files.map((path) => ({ path, sha256: sha256(readFileSync(join(root, path))) })),
      bundle_files: policyFiles(profile, "opa"),
    }
    process.stderr.write(`${profile}: ${wasm.length} bytes, ${builds[profile].sha256}\n`)
  }
  writeFileSync(join(target, "build.json"), `${JSON.stringify({ opa: opaVersion, builds }, null, 2)}\n`)
}

function compile(opa, files, entrypoints) {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-policy-"))
  try {
    const bundle = join(folder, "bundle.tar.gz")
    const args = ["build", "-t", "wasm", ...entrypoints.flatMap((entrypoint) => ["-e", entrypoint]), "-o", bundle, ...files]
    execFileSync(opa, args, { cwd: root, stdio: ["ignore", 2, 2] })
    return execFileSync("tar", ["-xzPOf", bundle, "/policy.wasm"], { maxBuffer: 64 * 1024 * 1024 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function check() {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-rebuild-"))
  try {
    build(folder)
    const names = [...new Set([...readdirSync(folder), ...(existsSync(committed) ? readdirSync(committed) : [])])].sort()
    const differing = names.filter((name) => !same(join(folder, name), join(committed, name)))
    if (differing.length > 0) throw new Error(`policies/build is stale: ${differing.join(", ")} differ; run 'npm run build:policies' and commit`)
    process.stderr.write("policies/build is what OPA builds from policies/\n")
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function same(one, other) {
  return existsSync(one) && existsSync(other) && readFileSync(one).equals(readFileSync(other))
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex")
}
