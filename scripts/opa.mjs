import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync } from "node:fs"
import { homedir } from "node:os"
import { delimiter, join } from "node:path"

/** The one OPA that policies are compiled and compared with. */
export const opaVersion = "1.20.2"

/**
 * Finds OPA {@link opaVersion}: `OPA_BIN`, `PATH`, `~/go/bin`, the cache (`$XDG_CACHE_HOME/portcullis` or `~/.cache/portcullis`);
 * else installs it into the cache with Go.
 *
 * @returns {string} the path of the binary
 * @throws {Error} naming what was tried and what to do
 */
export function findOpa() {
  const chosen = process.env.OPA_BIN
  if (chosen) {
    const found = versionOf(chosen)
    if (found === opaVersion) return chosen
    throw new Error(`OPA_BIN=${chosen} is ${found ? `OPA ${found}` : "not an OPA binary"}; ${opaVersion} is needed: point OPA_BIN to it or unset it`)
  }
  const seen = candidates().map((path) => ({ path, version: versionOf(path) }))
  return seen.find(({ version }) => version === opaVersion)?.path ?? install(seen)
}

const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "portcullis", `opa-${opaVersion}`)

function candidates() {
  const onPath = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, "opa"))
  return [...onPath, join(homedir(), "go/bin/opa"), join(cacheFolder, "opa")].filter((path) => existsSync(path))
}

function versionOf(binary) {
  const result = spawnSync(binary, ["version"], { encoding: "utf8", timeout: 30_000 })
  return /^Version: (\S+)$/m.exec(result.stdout ?? "")?.[1]
}

function install(seen) {
  const others = seen.map(({ path, version }) => `${path} is ${version ?? "broken"}`).join("; ")
  const remedy = `set OPA_BIN to OPA ${opaVersion}, or install Go${others === "" ? "" : ` (${others})`}`
  if (spawnSync("go", ["version"]).status !== 0)
    throw new Error(`OPA ${opaVersion} was not found, and Go, which could install it, neither: ${remedy}`)
  process.stderr.write(`installing OPA ${opaVersion} into ${cacheFolder} (two minutes)\n`)
  mkdirSync(cacheFolder, { recursive: true })
  try {
    const env = { ...process.env, GOBIN: cacheFolder, GOFLAGS: "-mod=mod" }
    execFileSync("go", ["install", `github.com/open-policy-agent/opa@v${opaVersion}`], { stdio: ["ignore", 2, 2], env })
  } catch (cause) {
    throw new Error(`'go install github.com/open-policy-agent/opa@v${opaVersion}' failed: ${remedy}`, { cause })
  }
  return join(cacheFolder, "opa")
}
