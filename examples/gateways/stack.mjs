import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { env } from "node:process"
import { setTimeout as pause } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { startIdp } from "../idp/idp.mjs"
import { findBinary } from "./binaries.mjs"
import { programOf, startGateway, usualPorts } from "./gateway.mjs"
import { makeUpstream } from "./upstream.mjs"

/** Ports by what listens there. `idp` is part of the issuer in sidecar.yaml. */
const stackPorts = { ...usualPorts, idp: 9400 }
const who = {
  gateway: "the gateway",
  sidecar: "the sidecar",
  grpc: "the sidecar's gRPC",
  upstream: "the service behind",
  inner: "Traefik",
  idp: "the identity provider",
}

/** Who logs in; the password is the name. */
const accounts = { ann: "ann@example.com", ben: "ben@example.com" }

/** Paths of the quickstart's authorization data: ann, who is an Editor of ml-team, may read the first, and not the second. */
export const allowedPath = "/apis/models/v2/workspaces/ml-team/models"
export const deniedPath = "/apis/models/v2/workspaces/research/models"

/**
 * Starts identity provider, sidecar, service and gateway; resolves once a request has passed all of them.
 *
 * @param {import("./gateway.mjs").GatewayKind} kind
 * @param {{ freePorts?: boolean, tokens?: string }} options `tokens`: a folder for them, and for the sidecar's process id; without it a temporary one
 * @returns what runs, `ended`, which resolves with a reason when a part of it ends by itself, and `stop`
 * @throws {Error} what is missing, and what to do
 */
export async function startStack(kind, { freePorts = false, tokens } = {}) {
  const binary = findBinary(programOf(kind))
  const ports = freePorts ? await somePorts() : stackPorts
  await assertFree(kind, ports)
  const ending = []
  const stop = async () => {
    for (const end of ending.splice(0).reverse()) await end()
  }
  try {
    const folder = mkdtempSync(join(tmpdir(), "portcullis-gateway-"))
    ending.push(() => rmSync(folder, { recursive: true, force: true }))
    const idp = await startIdp({ port: ports.idp, accessTokenSeconds: 8 * 3600 })
    ending.push(() => idp.stop())
    const upstream = makeUpstream()
    await once(upstream.listen(ports.upstream, "127.0.0.1"), "listening")
    ending.push(() => {
      upstream.close()
      upstream.closeAllConnections()
    })
    const sidecar = await startSidecar(folder, idp.issuer, ports)
    ending.push(sidecar.stop)
    const gateway = await startGateway(kind, { ports, binary })
    process.once("exit", () => gateway.kill())
    ending.push(gateway.stop)
    const tokenFiles = await written(tokens ?? folder, idp.issuer)
    const pidFile = join(tokens ?? folder, "sidecar.pid")
    writeFileSync(pidFile, `${sidecar.pid}\n`)
    ending.push(() => [pidFile, ...Object.values(tokenFiles).map(({ file }) => file)].forEach((file) => rmSync(file, { force: true })))
    await passes(`${gateway.url}${allowedPath}`, tokenFiles.ann.token)
    const ended = Promise.race([
      sidecar.exited.then((code) => `the sidecar ended with ${code}:\n${sidecar.log()}`),
      gateway.exited.then((code) => `${programOf(kind)} ended with ${code}:\n${gateway.log()}`),
    ])
    return { kind, binary, ports, idp, gateway, tokenFiles, pidFile, ended, stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}

async function startSidecar(folder, issuer, ports) {
  const key = join(folder, "decision.key")
  writeFileSync(key, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600 })
  const settings = {
    AUTH__OIDC__ISSUER: issuer,
    SERVER__LISTEN: `127.0.0.1:${ports.sidecar}`,
    GATEWAY__ENVOY_GRPC__LISTEN: `127.0.0.1:${ports.grpc}`,
    GATEWAY__DECISION_KEY_FILE: key,
  }
  const settled = { PATH: env.PATH ?? "" }
  for (const [name, value] of Object.entries(settings)) settled[`PORTCULLIS_${name}`] = value
  const program = fileURLToPath(new URL("../../dist/cli/portcullis.js", import.meta.url))
  const config = fileURLToPath(new URL("sidecar.yaml", import.meta.url))
  // In a group of its own, so that Ctrl-C is heard here alone.
  // And with an input that ends when this process does, however it does.
  const watch = new URL("end-with-parent.mjs", import.meta.url).href
  const args = ["--import", watch, program, "serve", "--config", config]
  const child = spawn(process.execPath, args, { env: settled, detached: true, stdio: ["pipe", "pipe", "pipe"] })
  process.once("exit", () => child.kill("SIGKILL"))
  const exited = once(child, "close").then(([code, signal]) => code ?? signal)
  let log = ""
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      log += chunk.toString()
    })
  const stop = async () => {
    // What `kill -STOP` holds hears nothing else.
    child.kill("SIGCONT")
    child.kill("SIGTERM")
    await exited
  }
  const url = `http://127.0.0.1:${ports.sidecar}`
  while (!(await isOk(`${url}/health/ready`))) {
    if (child.exitCode !== null) throw new Error(`the sidecar ended with ${child.exitCode}:\n${log}`)
    await pause(25)
  }
  return { pid: child.pid, exited, stop, log: () => log }
}

/** Logs in, and keeps the tokens where only this account reads them. */
async function written(folder, issuer) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const files = {}
  for (const [name, account] of Object.entries(accounts)) {
    const form = {
      grant_type: "password",
      client_id: "portcullis-cli",
      username: account,
      password: account,
      scope: "openid platform:read platform:write",
    }
    const answer = await fetch(`${issuer}/token`, { method: "POST", body: new URLSearchParams(form) })
    if (!answer.ok) throw new Error(`${account} could not log in: ${await answer.text()}`)
    const token = (await answer.json()).access_token
    const file = join(folder, `${name}.token`)
    rmSync(file, { force: true })
    writeFileSync(file, token, { mode: 0o600, flag: "wx" })
    files[name] = { file, token }
  }
  return files
}

async function passes(url, token) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await isOk(url, { Authorization: `Bearer ${token}` })) return
    await pause(50)
  }
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } })
  throw new Error(`${url} answers ann ${answer.status}: ${await answer.text()}`)
}

async function isOk(url, headers = {}) {
  try {
    const answer = await fetch(url, { headers })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}

async function assertFree(kind, ports) {
  for (const [name, port] of Object.entries(ports)) {
    if (name === "inner" && kind !== "traefik") continue
    const server = createServer()
    const taken = await new Promise((resolve) => {
      server.once("error", resolve)
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(undefined)))
    })
    if (taken) throw new Error(`port ${port}, for ${who[name]}, is taken (${taken.code}); end what listens there, or run this with --free-ports`)
  }
}

async function somePorts() {
  const servers = Object.keys(stackPorts).map(() => createServer())
  await Promise.all(servers.map((server) => once(server.listen(0, "127.0.0.1"), "listening")))
  const ports = Object.fromEntries(Object.keys(stackPorts).map((name, at) => [name, servers[at].address().port]))
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
