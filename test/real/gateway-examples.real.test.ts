import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, it, onTestFinished } from "vitest"
import { allowedPath } from "../../examples/gateways/stack.mjs"
import { makeUpstream } from "../../examples/gateways/upstream.mjs"
import { freePort } from "../fixtures/free-port.js"
import { realGateway, testedGateways, type GatewayKind } from "../fixtures/gateways.js"
import { startTestIdp } from "../fixtures/idp.js"
import { listening } from "../fixtures/listening.js"
import { root, start, startCommand, type CommandProcess } from "../fixtures/sidecar.js"

const run = promisify(execFile)

/** What its programs and its temporary folder are found by. */
const environment = Object.fromEntries(
  ["HOME", "TMPDIR", "XDG_CACHE_HOME", "NGINX_BIN", "ENVOY_BIN", "CADDY_BIN", "TRAEFIK_BIN"].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  }),
)

describe.each(testedGateways)("the example %s", (kind) => {
  it("comes up by one command, and the lines that it prints do what they say", async () => {
    const example = await startExample(kind)
    const printed = example.out()
    const lines = printed.replaceAll("\\\n", "").split("\n")
    const [allowed = "", denied = "", nobody = ""] = lines.filter((line) => line.startsWith("curl "))
    const pasted = async (line: string): Promise<string> => (await run("bash", ["-c", line])).stdout

    const seen = await pasted(allowed)
    expect(seen).toMatch(/^HTTP\/1\.1 200 /)
    expect(seen).toMatch(/\["x-nmp-principal-email","ann@example\.com"\]/i)
    expect(seen).toMatch(/\["x-nmp-authorized","true"\]/i)
    expect(seen).toMatch(/\["x-portcullis-decision","1\.[^"]{40,}"\]/i)
    expect(await pasted(denied)).toMatch(/^HTTP\/1\.1 403 [^]*"code":"role_missing"/)
    expect(await pasted(nobody)).toMatch(/^HTTP\/1\.1 401 [^]*"code":"no_credentials"/)

    const doctor = lines
      .find((line) => line.startsWith("npx portcullis doctor gateway "))
      ?.replace("npx portcullis", `'${process.execPath}' dist/cli/portcullis.js`)
    const findings = (await run("bash", ["-c", doctor ?? "false"], { cwd: root })).stdout.trim().split("\n")
    expect(findings.length).toBeGreaterThan(20)
    expect(findings.filter((finding) => !finding.startsWith("✓"))).toEqual([])

    const [, token = ""] = /cat ([^)]+)\)/.exec(allowed) ?? []
    expect(statSync(token).mode & 0o777).toBe(0o600)
    example.child.kill("SIGINT")
    expect(await example.exited).toBe(0)
    expect(existsSync(token)).toBe(false)
    const [gatewayUrl = ""] = /http:\/\/127\.0\.0\.1:\d+/.exec(printed) ?? []
    await expect(fetch(gatewayUrl)).rejects.toThrow()
  })

  it("comes up by the command of the README, and its lines give what they say", async () => {
    const tokens = mkdtempSync(join(tmpdir(), "portcullis-tokens-"))
    onTestFinished(() => rmSync(tokens, { recursive: true }))
    const example = await startExample(kind, "--tokens", tokens)
    const [, url = ""] = /^gateway +(\S+)/.exec(example.out()) ?? []
    const script = readmeSnippet("doctor gateway $gateway")
      .replace("http://127.0.0.1:8080", url)
      .replaceAll(".cache/gateway", tokens)
      .replace("npx portcullis", `'${process.execPath}' dist/cli/portcullis.js`)
    const { stdout } = await run("bash", ["-euc", script], { cwd: root })
    expect(stdout.match(/^HTTP\/1\.1 \d+/gm)).toEqual(["HTTP/1.1 200", "HTTP/1.1 403"])
    const findings = stdout.split("\n").filter((line) => /^[✓✗?–!] /.test(line))
    expect(findings.length).toBeGreaterThan(20)
    expect(findings.filter((finding) => !finding.startsWith("✓"))).toEqual([])
  })

  it("says so when a part of it ends, and ends the others", async () => {
    const example = await startExample(kind)
    const [, pidFile = ""] = /kill -STOP \$\(cat ([^)]+)\)/.exec(example.out()) ?? []
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL")
    expect(await example.exited).toBe(1)
    expect(example.err()).toMatch(/the sidecar ended with SIGKILL/)
    const [gatewayUrl = ""] = /http:\/\/127\.0\.0\.1:\d+/.exec(example.out()) ?? []
    await expect(fetch(gatewayUrl)).rejects.toThrow()
  })

  it("names itself by a secret to a sidecar that trusts nobody else, as its comments say", async () => {
    const idp = await startTestIdp()
    const folder = mkdtempSync(join(tmpdir(), "portcullis-secret-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const secret = "a-secret-of-the-gateway-alone"
    writeFileSync(join(folder, "secret"), `${secret}\n`)
    const [sidecarPort, grpcPort] = [await freePort(), await freePort()]
    const sidecar = start(["serve", "--config", join(root, "examples/gateways/sidecar.yaml")], {
      PORTCULLIS_SERVER__LISTEN: `127.0.0.1:${sidecarPort}`,
      PORTCULLIS_GATEWAY__ENVOY_GRPC__LISTEN: `127.0.0.1:${grpcPort}`,
      PORTCULLIS_AUTH__OIDC__ISSUER: idp.issuer,
      PORTCULLIS_TRUSTED_PEERS: "192.0.2.1",
      PORTCULLIS_PEER_SECRET_FILE: join(folder, "secret"),
    })
    await sidecar.printed("out", /listens on/)
    const upstream = makeUpstream()
    onTestFinished(() => void upstream.close())
    const ports = { sidecarPort, grpcPort, upstreamPort: Number(new URL(await listening(upstream)).port) }
    const headers = { Authorization: `Bearer ${await idp.token("ann@example.com")}`, "X-Portcullis-Peer-Secret": secret }

    const shipped = await realGateway(kind, ports)
    const refused = await fetch(shipped.url + allowedPath, { headers })
    expect([refused.status, JSON.parse(await refused.text()).code]).toEqual([403, "peer_not_trusted"])

    const named = await realGateway(kind, { ...ports, config: (text) => withSecret(text, secret) })
    const passed = await fetch(named.url + allowedPath, { headers: { Authorization: headers.Authorization } })
    expect(passed.status).toBe(200)
    expect(await passed.text()).not.toContain(secret)
  })
})

/** Once everything is up. It ends with the test, and takes along what it has started. */
async function startExample(kind: GatewayKind, ...args: readonly string[]): Promise<CommandProcess> {
  const example = startCommand(process.execPath, [join(root, "examples/gateways/run.mjs"), kind, "--free-ports", ...args], environment)
  onTestFinished(async () => {
    example.child.kill("SIGINT")
    await example.exited
  })
  await example.printed("out", /Ctrl-C stops/)
  return example
}

function readmeSnippet(part: string): string {
  const readme = readFileSync(join(root, "README.md"), "utf8")
  return [...readme.matchAll(/```sh\n([^]*?)```/g)].map(([, text = ""]) => text).find((text) => text.includes(part)) ?? "false"
}

/** The comments come into force; in NGINX and Traefik, which have none, the blank value of the question does. */
function withSecret(text: string, secret: string): string {
  return text
    .replaceAll(/^(\s*)# (?=(?:header_up|authorization_request:|initial_metadata:) )/gm, "$1")
    .replace("a-line-of-its-peer_secret_file", secret)
    .replace(/(peer-secret: [^\n]*X-Portcullis-Peer-Secret:) ""/, `$1 "${secret}"`)
    .replace(/(location = \/\.portcullis [^]*?X-Portcullis-Peer-Secret) ""/, `$1 "${secret}"`)
}
