// As a program: prints the folder.
import { execFileSync, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { exclusively } from "./lock.mjs"
import { opaVersion } from "./opa.mjs"

/**
 * Finds OPA's conformance cases, compiled to WASM: `OPA_CASES`, then the cache (`$XDG_CACHE_HOME/portcullis` or `~/.cache/portcullis`); else compiles
 * those of OPA's Go module, which comes through the Go module proxy.
 *
 * @returns {Promise<string>} the folder with `cases.json` and `modules.bin`
 * @throws {Error} naming what is missing and what to do
 */
export async function findOpaCases() {
  const chosen = process.env.OPA_CASES
  if (chosen) {
    if (isComplete(chosen)) return chosen
    throw new Error(`OPA_CASES=${chosen} holds no compiled cases: point it to a folder with cases.json and modules.bin, or unset it`)
  }
  const folder = join(cacheFolder, `opa-cases-${opaVersion}-${digestOfProgram()}`)
  if (!isComplete(folder)) {
    mkdirSync(cacheFolder, { recursive: true })
    await exclusively(cacheFolder, "opa-cases", () => compile(folder))
  }
  return folder
}

async function print() {
  try {
    process.stdout.write(`${await findOpaCases()}\n`)
  } catch (cause) {
    process.stderr.write(`portcullis: ${cause.message}\n`)
    process.exitCode = 1
  }
}

const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "portcullis")
const program = fileURLToPath(new URL("../test/conformance/compile-cases/", import.meta.url))

function isComplete(folder) {
  return ["cases.json", "modules.bin"].every((name) => existsSync(join(folder, name)))
}

/** Cases compiled by another program, or for another OPA, are others. */
function digestOfProgram() {
  const hash = createHash("sha256")
  for (const name of readdirSync(program).sort()) hash.update(name).update(readFileSync(join(program, name)))
  return hash.digest("hex").slice(0, 12)
}

function compile(folder) {
  if (isComplete(folder)) return
  if (spawnSync("go", ["version"]).status !== 0)
    throw new Error(`OPA's conformance cases come with its Go module, and Go was not found: install Go ${goVersion()} or newer, or set OPA_CASES`)
  process.stderr.write(`portcullis: compiling the conformance cases of OPA ${opaVersion} into ${folder} (a minute)\n`)
  const fresh = `${folder}.${process.pid}`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh)
  try {
    const cases = join(moduleFolder(), "v1/test/cases/testdata")
    if (!existsSync(cases)) throw new Error(`there is no ${cases}`)
    execFileSync("go", ["run", ".", cases, fresh], { cwd: program, stdio: ["ignore", 2, 2], env: goEnvironment })
    rmSync(folder, { recursive: true, force: true })
    renameSync(fresh, folder)
  } catch (cause) {
    throw new Error(`OPA's conformance cases could not be compiled (${cause.message}): see above, and check the network`, { cause })
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

const goEnvironment = { ...process.env, GOFLAGS: "-mod=readonly", GOWORK: "off" }

function moduleFolder() {
  const answer = execFileSync("go", ["mod", "download", "-json", `github.com/open-policy-agent/opa@v${opaVersion}`], {
    cwd: program,
    stdio: ["ignore", "pipe", 2],
    env: goEnvironment,
  })
  return JSON.parse(answer.toString()).Dir
}

function goVersion() {
  return /^go (\S+)$/m.exec(readFileSync(join(program, "go.mod"), "utf8"))?.[1]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await print()
