// Installs dependencies when they are not those of package-lock.json. Needs Node and npm only; offline when nothing is to do.
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { exclusively } from "./lock.mjs"
import { requireThisNode } from "./node.mjs"
import { sayWhatFailed } from "./writable.mjs"

const root = dirname(dirname(fileURLToPath(import.meta.url)))

requireThisNode()
if (missing()) await exclusively(root, "install", install).catch(sayWhatFailed)
else process.stderr.write("portcullis: dependencies are installed\n")

/** The first package that is not installed as the lock file says, or `undefined`. */
function missing() {
  const installedFile = join(root, "node_modules/.package-lock.json")
  if (!existsSync(installedFile)) return "node_modules"
  const installed = packagesOf(installedFile)
  for (const [path, wanted] of packagesOf(join(root, "package-lock.json"))) {
    if (path === "") continue
    const found = installed.get(path)
    if (!found && wanted.optional) continue
    if (found?.version !== wanted.version || found.integrity !== wanted.integrity || !existsSync(join(root, path))) return path
  }
  return undefined
}

function packagesOf(lockFile) {
  return new Map(Object.entries(JSON.parse(readFileSync(lockFile, "utf8")).packages))
}

function install() {
  const reason = missing()
  if (!reason) return
  process.stderr.write(`portcullis: installing dependencies (${reason} is missing or outdated)\n`)
  const npm = process.env.npm_execpath
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"]
  const [command, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []]
  const result = spawnSync(command, [...first, ...args], { cwd: root, stdio: ["ignore", 2, 2], env: { ...process.env, NODE_ENV: "development" } })
  if (result.status === 0) return
  process.stderr.write(
    `portcullis: 'npm ci' failed${result.error ? `: ${result.error.message}` : ""}; it needs a package registry (npm config get registry)\n`,
  )
  process.exitCode = 1
}
