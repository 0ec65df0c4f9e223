import { execFile } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, it, onTestFinished } from "vitest"
import { ourName } from "../../../src/cli/our-name.js"
import { quickstartCopy } from "../../fixtures/quickstart.js"
import { root } from "../../fixtures/sidecar.js"
import { run, type CommandResult } from "../../fixtures/terminal.js"

interface Serving {
  readonly announced: string
  readonly url: string
  readonly log: () => string
  readonly stop: () => void
  readonly ended: Promise<CommandResult>
}

function serve(...args: readonly string[]): Promise<Serving> {
  return serveWith({}, ...args)
}

/** @param environment configuration in variables */
async function serveWith(environment: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Serving> {
  let stop = () => {}
  let log = ""
  let text = ""
  let writes = 0
  let announced = () => {}
  const bothWritten = new Promise<void>((resolve) => (announced = resolve))
  const ended = run(["serve", "--config", join(quickstartCopy(), "portcullis.yaml"), "--listen", "127.0.0.1:0", ...args], {
    out: (more) => {
      text += more
      if (++writes === 2) announced()
    },
    err: (text) => void (log += text),
    onStop: (stopped) => (stop = stopped),
    environment,
  })
  onTestFinished(async () => {
    stop()
    await ended
  })
  await bothWritten
  return { announced: text, url: /listens on (\S+)/.exec(text)?.[1] ?? "", log: () => log, stop, ended }
}

describe("serve", () => {
  it("says where Envoy asks over gRPC", async () => {
    const { announced } = await serveWith({ PORTCULLIS_GATEWAY__ENVOY_GRPC__LISTEN: "127.0.0.1:0" })
    expect(announced).toMatch(/^Envoy asks over gRPC on grpc:\/\/127\.0\.0\.1:\d+$/m)
  })

  it("announces where it listens, three requests and a walk of seven, logs what it decides on, and ends with 0", async () => {
    const { announced, url, log, stop, ended } = await serve("--health-listen", "127.0.0.1:0")
    expect(announced.match(/^curl .*$/gm)).toHaveLength(10)
    expect(announced).toContain("Health and metrics on http://127.0.0.1:")
    expect(log()).toMatch(/INFO decisions can be made revision=\S+ bindings=\d+/)
    stop()
    expect((await ended).code).toBe(0)
    await expect(fetch(`${url}/health`)).rejects.toThrow()
  })

  it("announces requests that send the service's header in the nemo profile", async () => {
    const { announced } = await serve("--profile", "nemo")
    expect(announced.match(/X-NMP-Principal-Id: service:/g)).toHaveLength(5)
  })

  it("announces itself without requests when nobody holds anything", async () => {
    const { announced, log } = await serve("--bindings", join(root, "test/fixtures/no-bindings.yaml"))
    expect(announced).not.toContain("curl")
    expect(log()).toMatch(/WARN nobody holds a role yet, .*--bindings FILE/)
  })
})

describe("serve with issuers", () => {
  const oidc = { PORTCULLIS_AUTH__OIDC__ISSUER: "https://idp.example/realms/a", PORTCULLIS_AUTH__OIDC__CLIENT_ID: "cli" }

  it("says whose tokens it verifies and how people log in, and prints only requests that need no header", async () => {
    const { announced, url, log } = await serveWith(oidc)
    expect(log()).toMatch(/INFO bearer tokens of these issuers are verified issuers=\["https:\/\/idp\.example\/realms\/a"\]/)
    expect(announced).toContain(`Log in with: ${ourName} auth login --url ${url}\n`)
    expect(announced.match(/^curl .*$/gm)).toHaveLength(3)
    expect(announced).not.toContain("X-NMP-Principal-Id")
  })

  it("prints the walk, and warns, when this machine is listed", async () => {
    const { announced, log } = await serveWith({ ...oidc, PORTCULLIS_TRUSTED_PEERS: "loopback" })
    expect(announced.match(/^curl .*$/gm)).toHaveLength(10)
    expect(log()).toMatch(/WARN trusted_peers lists this machine/)
  })

  it("has no hint how to log in without a client", async () => {
    const { announced } = await serveWith({ ...oidc, PORTCULLIS_AUTH__OIDC__CLIENT_ID: "", PORTCULLIS_AUTH__OIDC__AUDIENCE: "portcullis" })
    expect(announced).not.toContain("Log in")
  })

  it("looks at no token when auth.enabled is false, says so, and believes this machine", async () => {
    const { announced, log } = await serveWith({ ...oidc, PORTCULLIS_AUTH__ENABLED: "false" })
    expect(log()).toMatch(/WARN auth\.enabled is false/)
    expect(log()).not.toContain("issuers are verified")
    expect(announced).not.toContain("Log in")
    expect(announced.match(/^curl .*$/gm)).toHaveLength(10)
  })
})

describe("serve for whom it may", () => {
  it("prints no requests when this machine is no trusted peer", async () => {
    const { announced } = await serveWith({ PORTCULLIS_TRUSTED_PEERS: "10.0.0.0/8" })
    expect(announced).not.toContain("curl")
  })

  it("warns that unsigned tokens are believed, and of plain http behind a proxy, at every start", async () => {
    expect((await serveWith({ PORTCULLIS_AUTH__ALLOW_UNSIGNED_JWT: "true" })).log()).toMatch(/WARN auth\.allow_unsigned_jwt/)
    const behindProxy = await serve("--insecure-behind-proxy")
    expect(behindProxy.log()).toMatch(/WARN server\.insecure_behind_proxy/)
    expect(behindProxy.announced).not.toContain("curl")
  })

  it("prints requests with the configured names of headers", async () => {
    const { announced } = await serveWith({ PORTCULLIS_AUTH__PRINCIPAL_HEADER_PREFIX: "X-Acme-" })
    expect(announced.match(/X-Acme-Principal-Id: /g)).toHaveLength(5)
    expect(announced).not.toContain("X-NMP-")
  })

  it("prints requests that work, over a UNIX domain socket, too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "portcullis-socket-"))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const { announced } = await serve("--listen", `unix:${join(folder, "p.sock")}`)
    const [allowed = ""] = announced.match(/^curl .*$/gm) ?? []
    expect(allowed).toContain(`--unix-socket '${join(folder, "p.sock")}' http://localhost/`)
    const { stdout } = await promisify(execFile)("sh", ["-c", allowed])
    expect(JSON.parse(stdout)).toMatchObject({ result: { allowed: true } })
  })

  it("takes peer secrets from a file, and refuses one that holds none", async () => {
    const folder = mkdtempSync(join(tmpdir(), "portcullis-secret-"))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const secretFile = join(folder, "secret")
    writeFileSync(secretFile, "0123456789abcdef\n")
    const environment = { PORTCULLIS_PEER_SECRET_FILE: secretFile, PORTCULLIS_TRUSTED_PEERS: "10.0.0.1" }
    const { url } = await serveWith(environment)
    const ask = (headers: Readonly<Record<string, string>>) =>
      fetch(`${url}/apis/auth/v2/authz/allow`, { method: "POST", body: '{"input":{}}', headers })
    expect((await ask({})).status).toBe(403)
    expect((await ask({ "X-Portcullis-Peer-Secret": "0123456789abcdef" })).status).toBe(200)
    writeFileSync(secretFile, "short")
    const refused = await run(["serve", "--config", join(quickstartCopy(), "portcullis.yaml"), "--listen", "127.0.0.1:0"], { environment })
    expect(refused).toMatchObject({ code: 78, out: "", err: expect.stringContaining("peer_secret_file: ") })
  })

  it.each<[string, Readonly<Record<string, string>>]>([
    ["peer_secret_file", { PORTCULLIS_PEER_SECRET_FILE: "/nowhere/secret" }],
    ["server.tls", { PORTCULLIS_SERVER__TLS__CERT_FILE: "/nowhere/tls.crt", PORTCULLIS_SERVER__TLS__KEY_FILE: "/nowhere/tls.key" }],
  ])("looks at the files of %s before it begins anything", async (key, environment) => {
    const folder = quickstartCopy()
    const { code, err } = await run(["serve", "--config", join(folder, "portcullis.yaml"), "--listen", "127.0.0.1:0"], { environment })
    expect([code, err]).toEqual([78, expect.stringMatching(new RegExp(`${key}: /nowhere/`))])
    expect(err).not.toContain("decisions can be made")
    expect(readdirSync(folder).filter((name) => name.includes(".db"))).toEqual([])
  })
})

describe("serve on a port in use", () => {
  it("says so once, and how to take another", async () => {
    const { url } = await serve()
    const address = url.replace("http://", "")
    const { code, err } = await run(["serve", "--config", join(quickstartCopy(), "portcullis.yaml"), "--listen", address])
    expect(code).toBe(1)
    expect(err.split(address)).toHaveLength(2)
    expect(err).toMatch(/the port is in use; .*--listen HOST:PORT, PORTCULLIS_SERVER__LISTEN/)
  })
})

it("the health listener names what it has, and nothing that it has not", async () => {
  const { announced } = await serve("--health-listen", "127.0.0.1:0")
  const health = /Health and metrics on (\S+)/.exec(announced)?.[1] ?? ""
  const answer = await fetch(`${health}/openapi.json`)
  expect(answer.status).toBe(404)
  expect(await answer.text()).toMatch(/here are \/health, .*\/metrics/)
})

describe("check", () => {
  it("asks the PDP that --url names, and tells the reason of a deny", async () => {
    const { url } = await serve()
    const ask = (...args: readonly string[]) => run(["check", "--url", url, "-p", "ann@example.com", ...args])
    const path = "/apis/models/v2/workspaces/ml-team/models"
    expect(await ask("GET", path)).toMatchObject({ code: 0, out: "allowed\n" })
    expect(await ask("POST", path)).toMatchObject({ code: 3, out: expect.stringMatching(/^denied: role_/) })
    expect(await ask("--scope", "openid", "GET", path)).toMatchObject({
      code: 3,
      out: expect.stringMatching(/^denied: scope_missing\n  needs one of the scopes .*; presented: openid\n/),
    })
    expect(await ask("--scope", "openid models:read", "-g", "ml-readers", "--email", "ann@example.com", "GET", path)).toMatchObject({ code: 0 })
    expect(JSON.parse((await ask("-o", "json", "GET", path)).out)).toMatchObject({ allowed: true, reasons: [], revision: expect.any(String) })
  })

  it("tells what a server answers that refuses or is no PDP", async () => {
    const { url } = await serve()
    expect(await run(["check", "--url", "ftp://x", "-p", "ann", "GET", "/x"])).toMatchObject({ code: 1, out: "" })
    expect(
      (await run(["check", "--url", url, "-p", "ann", ...Array.from({ length: 101 }, (_, index) => ["-g", `g${index}`]).flat(), "GET", "/x"])).err,
    ).toMatch(/answered 400: .*group/)
  })
})
