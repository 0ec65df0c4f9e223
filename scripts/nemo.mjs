import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { delimiter, join } from "node:path"
import { exclusively } from "./lock.mjs"

/** The one release of the reference's command line and SDK that we are tried with. */
export const nemoVersion = "0.6.0"

/**
 * Finds a Python environment with nemo-platform {@link nemoVersion}: `NEMO_VENV`, then the cache (`$XDG_CACHE_HOME/portcullis` or
 * `~/.cache/portcullis`); else installs it there with Python 3.12 or 3.13, from `PATH` or pyenv.
 *
 * @returns {Promise<string>} the folder of the environment; the command line is its `bin/nemo`
 * @throws {Error} naming what was tried and what to do
 */
export async function findNemo() {
  const chosen = process.env.NEMO_VENV
  if (chosen) {
    if (versionIn(chosen) === nemoVersion) return chosen
    throw new Error(`NEMO_VENV=${chosen} is no environment with ${requirement}: point it to one or unset it`)
  }
  if (!isInstalled()) {
    mkdirSync(cacheFolder, { recursive: true })
    await exclusively(cacheFolder, "nemo", install)
  }
  return environment
}

const requirement = `nemo-platform[auth-service,entities-service]==${nemoVersion}`
const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "portcullis")
const environment = join(cacheFolder, `nemo-${nemoVersion}`)
/** Written last: an installation that was cut off has none. */
const complete = join(environment, ".complete")
const remedy = "install Python 3.12 or 3.13 with venv, or set NEMO_VENV to an environment that has it"

function isInstalled() {
  return existsSync(complete) && versionIn(environment) === nemoVersion
}

function versionIn(folder) {
  const program = "import importlib.metadata as m; print(m.version('nemo-platform'))"
  const { stdout } = spawnSync(join(folder, "bin/python"), ["-c", program], { encoding: "utf8", timeout: 60_000 })
  return stdout?.trim()
}

function install() {
  if (isInstalled()) return
  const python = findPython()
  process.stderr.write(`portcullis: installing ${requirement} into ${environment} with ${python} (a minute, 450 MB)\n`)
  rmSync(environment, { recursive: true, force: true })
  try {
    run(python, ["-m", "venv", environment])
    run(join(environment, "bin/python"), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"])
    run(join(environment, "bin/uv"), ["pip", "install", "--quiet", "--python", join(environment, "bin/python"), requirement])
  } catch (cause) {
    throw new Error(`${requirement} could not be installed (${cause.message}): see above, and check the network; or ${remedy}`, { cause })
  }
  writeFileSync(complete, "")
}

function run(command, args) {
  execFileSync(command, args, { stdio: ["ignore", 2, 2], env: { ...process.env, NEMO_TELEMETRY_ENABLED: "false" } })
}

function findPython() {
  const tried = pythons()
  const found = tried.find((path) => /^3\.1[23]$/.test(pythonVersion(path)))
  if (found) return found
  const seen = tried.length === 0 ? "" : ` (tried ${tried.join(", ")})`
  throw new Error(`nemo-platform ${nemoVersion} was not found, and Python 3.12 or 3.13, which could install it, neither${seen}: ${remedy}`)
}

function pythons() {
  const onPath = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "")
  const named = ["python3.12", "python3.13", "python3"].flatMap((name) => onPath.map((folder) => join(folder, name)))
  const versions = join(process.env.PYENV_ROOT || join(homedir(), ".pyenv"), "versions")
  const ofPyenv = existsSync(versions) ? readdirSync(versions).filter((name) => /^3\.1[23]\.\d+$/.test(name)) : []
  return [...new Set([...named, ...ofPyenv.map((name) => join(versions, name, "bin/python"))])].filter((path) => existsSync(path))
}

/** What pyenv puts into the path exists for versions that are not switched on, too, and fails. */
function pythonVersion(path) {
  const { stdout, status } = spawnSync(path, ["-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"], {
    encoding: "utf8",
    timeout: 30_000,
  })
  return status === 0 ? stdout.trim() : ""
}
