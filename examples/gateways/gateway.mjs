import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { env } from "node:process"
import { setTimeout as pause } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { findBinary } from "./binaries.mjs"

/** The folders beside this file, each with one complete configuration. */
export const gatewayKinds = ["envoy-http", "envoy-grpc", "nginx", "traefik", "caddy"]

/** The ports that stand in the configurations. `inner`: where Traefik asks itself for the sidecar. */
export const usualPorts = { gateway: 8080, sidecar: 8181, grpc: 9191, upstream: 8000, inner: 8182 }

/** The program of a kind. */
export function programOf(kind) {
  return starts[kind].program
}

/** Starts a gateway with its configuration from here; see gateway.d.mts. */
export async function startGateway(kind, options = {}) {
  const { program, args, environment = () => ({}) } = starts[kind]
  const binary = options.binary ?? findBinary(program)
  const ports = { ...usualPorts, ...options.ports }
  const folder = copied(kind, ports, options.change ?? ((text) => text))
  // A group of its own: NGINX leaves its workers behind when only the master is killed.
  const child = spawn(binary, args, {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...env, ...environment(folder) },
  })
  const exited = once(child, "close").then(([code, signal]) => code ?? signal)
  let log = ""
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      log += chunk.toString()
    })
  const kill = (signal = "SIGKILL") => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    process.kill(-child.pid, signal)
  }
  const stop = async () => {
    kill()
    await exited.catch(() => undefined)
    rmSync(folder, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${ports.gateway}`
  try {
    if (!(await answers(url, child))) throw new Error(`${program} ended with ${await exited}:\n${log}`)
  } catch (cause) {
    await stop()
    throw cause
  }
  return { url, port: ports.gateway, folder, exited, log: () => log, kill, stop }
}

const starts = {
  "envoy-http": { program: "envoy", args: ["-c", "envoy.yaml", "--concurrency", "1", "--use-dynamic-base-id", "--log-level", "warn"] },
  "envoy-grpc": { program: "envoy", args: ["-c", "envoy.yaml", "--concurrency", "1", "--use-dynamic-base-id", "--log-level", "warn"] },
  nginx: { program: "nginx", args: ["-p", ".", "-c", "nginx.conf"] },
  traefik: { program: "traefik", args: ["--configFile=traefik.yaml"] },
  caddy: {
    program: "caddy",
    args: ["run", "--config", "Caddyfile", "--adapter", "caddyfile"],
    environment: (folder) => ({ XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }),
  },
}

/** The configuration with other ports, in a temporary folder. */
function copied(kind, ports, change) {
  const folder = mkdtempSync(join(tmpdir(), `portcullis-${kind}-`))
  // NGINX's workers are somebody else when its master is root.
  chmodSync(folder, 0o755)
  cpSync(fileURLToPath(new URL(kind, import.meta.url)), folder, { recursive: true })
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    writeFileSync(file, change(withPorts(readFileSync(file, "utf8"), ports), name))
  }
  mkdirSync(join(folder, "temp"))
  return folder
}

function withPorts(text, ports) {
  const names = new Map(Object.entries(usualPorts).map(([name, port]) => [String(port), name]))
  return text.replace(/\b\d{4}\b/g, (number) => (names.has(number) ? String(ports[names.get(number)]) : number))
}

/** Until it answers from its configuration: Traefik says 404 before it has read its own. @returns false when it ended instead */
async function answers(url, child) {
  while (child.exitCode === null && child.signalCode === null) {
    const answer = await fetch(`${url}/apis`, { redirect: "manual" }).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer && answer.status !== 404) return true
    await pause(25)
  }
  return false
}
