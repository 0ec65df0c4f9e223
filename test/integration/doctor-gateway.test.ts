import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer as createHttp2Server } from "node:http2"
import { createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { z } from "zod"
import { gatewayChecks, type GatewayCheck } from "../../src/doctor/gateway/gateway-finding.js"
import { http2Client } from "../../src/doctor/gateway/http2-client.js"
import type { HeaderLine } from "../../src/doctor/gateway/raw-request.js"
import { mostRequests } from "../../src/doctor/index.js"
import { credentialStore, type StoredLogin } from "../../src/login/index.js"
import { certificateAuthority } from "../fixtures/certificates.js"
import { scripted, scriptedGateway, type Flaw } from "../fixtures/scripted-gateway.js"
import { start } from "../fixtures/sidecar.js"
import { run } from "../fixtures/terminal.js"

const { allowed, denied, open, token } = scripted
const everyPath = ["--allowed", allowed, "--denied", denied, "--open", open, "--echo", allowed]

describe("portcullis doctor gateway", () => {
  it("finds nothing wrong with a gateway that asks, strips and closes", async () => {
    const { code, findings, gateway } = await examined([])
    expect(findings.filter(({ ok }) => ok !== true)).toEqual([])
    expect([...new Set(findings.map(({ check }) => check))]).toEqual([...gatewayChecks])
    expect(code).toBe(0)
    expect(gateway.requests()).toBeLessThanOrEqual(mostRequests)
  })

  it.each<[Flaw, GatewayCheck, RegExp]>([
    ["asks nobody", "no token", /without a token: answered with 200/],
    ["believes unsigned tokens", "bad token", /with a bad token: answered with 200/],
    ["believes X-NMP-Authorized", "identity", /X-NMP-Authorized: true: answered with 200/],
    ["believes X-NMP-Principal-Id", "identity", /X-NMP-Principal-Id: ann@example.com/],
    ["keeps identity headers", "identity", /the upstream got x-nmp-principal-email: 'portcullis-doctor-/],
    ["keeps what it does not set", "identity", /the upstream got x-nmp-principal-groups: /],
    ["keeps underscores", "twins", /X_NMP_Principal_Id: .*the upstream got x-nmp-principal-/],
    ["removes what Connection names", "hop-by-hop", /Connection: close, X-NMP-Scopes: the upstream got x-nmp-scopes '' and not 'platform:read'/],
    ["copies no identity", "upstream", /no x-nmp-principal-id/],
    ["copies no scopes", "upstream", /no x-nmp-scopes/],
    ["judges a tidied path", "paths", /the upstream got '\/\/apis\/models\/v2\/a'/],
    ["protects one spelling", "paths", /GET \/\/apis\/models\/v2\/b with the token: answered with 200/],
    ["protects by case", "paths", /GET \/APIS\/MODELS\/V2\/B with the token/],
    ["opens below an open path", "paths", /GET \/open\/%2e%2e\/apis\/models\/v2\/a without a token/],
    ["redirects to an open spelling", "paths", /GET \/apis\/models\/v2\/b\/ with the token: answered with 200/],
    ["judges everything as GET", "methods", /PROPFIND \/apis\/models\/v2\/a with the token: answered with 200/],
    ["obeys overrides", "overrides", /X-HTTP-Method-Override: PROPFIND: answered with 403.*X-HTTP-Method-Override: GET it passes/],
    ["believes X-Forwarded-Uri", "routing", /GET \/apis\/models\/v2\/b with the token, X-Forwarded-Uri: \/apis\/models\/v2\/a: answered with 200/],
    ["believes X_Original_URI", "routing", /X_Original_URI: \/open/],
    ["leaves HEAD open", "methods", /HEAD .*: answered with 200/],
    ["leaves OPTIONS open", "methods", /OPTIONS .*: answered with 200/],
    ["leaves upgrades open", "upgrade", /Upgrade: websocket.*answered with 200/],
    ["switches to h2c", "upgrade", /Upgrade: h2c.*answered with 101/],
    ["lets long requests pass", "long requests", /X-Filler: .*answered with 200/],
    ["lets pass without a sidecar", "outage", /without the sidecar: answered with 200/],
    ["takes the last token", "credentials", /with a bad token and the token: answered with 200/],
    ["says nothing of the decision", "answers", /no decision id/],
    ["answers 403 to nobody", "no token", /and 401 is due/],
    ["limits requests", "paths", /of 126 requests were not judged: .*answered with 429/],
    ["leaves POST open", "unsafe methods", /POST \/apis\/models\/v2\/b without a token, Content-Length: 0: answered with 200/],
    ["leaves another host open", "hosts", /GET \/apis\/models\/v2\/b with the token, Host: localhost: answered with 200/],
    ["leaves the inside open", "client address", /X-Forwarded-For: 10.0.0.1: answered with 200/],
    ["leaves styles open", "paths", /GET \/apis\/models\/v2\/b\.css with the token: answered with 200/],
    ["leaves debugging open", "paths", /GET \/apis\/models\/v2\/b\?debug=1 with the token: answered with 200/],
    ["believes a password", "credentials", /Authorization: Basic .*: answered with 200/],
    ["believes health checks", "probes", /User-Agent: kube-probe\/1.30: answered with 200/],
    ["keeps dots", "twins", /X\.NMP\.Principal\.Id: .*the upstream got x-nmp-principal-/],
    ["passes the bad token on", "credentials", /with a bad token and the token: answered with 200/],
    ["loses its headers among many", "long requests", /f0: x, .*the upstream got x-nmp-principal-id '' and not 'ann@example.com'/],
    ["redirects elsewhere", "paths", /of 126 requests were not judged: GET \/apis\/models\/v2\/a\.css without a token was answered with 302/],
    ["streams what it should not", "paths", /GET \/apis\/models\/v2\/b\.css with the token: answered with 200/],
  ])("names a gateway that %s, by what was sent and what came back", async (flaw, check, says) => {
    const { code, findings, out } = await examined([flaw], ["--timeout", flaw === "streams what it should not" ? "0.3" : "5"])
    const wrong = findings.filter(({ ok, check: found }) => ok === false && found === check)
    expect(wrong.map(({ detail }) => detail).join("\n")).toMatch(says)
    for (const { remedy } of wrong) expect(remedy).toMatch(/./)
    expect(code).toBe(1)
    expect(out).not.toContain(token)
  })

  it("warns of a gateway that passes headers on which name another method or path, without failing", async () => {
    const { code, findings } = await examined(["passes overrides on"])
    const warnings = findings.filter(({ warning }) => warning === "passed on")
    expect(new Set(warnings.map(({ check }) => check))).toEqual(new Set(["routing", "overrides"]))
    expect(warnings[0]?.remedy).toMatch(/proxy_set_header/)
    expect(code).toBe(0)
  })

  it("takes a host that leads nowhere for closed, and preflights that pass for meant", async () => {
    expect((await examined(["knows one host"])).found.get("hosts")).toMatchObject({ ok: true })
    const { code, findings } = await examined(["leaves preflights open"])
    expect(findings.filter(({ warning }) => warning === "preflight")).toMatchObject([{ check: "methods" }, { check: "methods" }])
    expect(code).toBe(0)
  })

  it("sends nothing that changes anything unless it is told to, and says so", async () => {
    const { found, code } = await examined(["leaves POST open"], [], { args: ["--token", token, ...everyPath] })
    expect(found.get("unsafe methods")).toMatchObject({ ok: null, remedy: expect.stringContaining("--also-unsafe-methods") })
    expect(found.get("methods")).toMatchObject({ ok: true, detail: expect.stringMatching(/by HEAD, OPTIONS, PROPFIND, TRACE, get, none/) })
    expect(code).toBe(0)
  })

  it.each([
    ["a negative chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-6\r\nabc"],
    ["1xx answers for ever", "HTTP/1.1 100 C\r\n\r\n".repeat(60_000)],
    ["a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: 10, 10\r\n\r\n0123456789"],
    ["lines that end too soon", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"],
    ["a body that does not end", "HTTP/1.1 200 OK\r\n\r\ndata: secret\n\n"],
  ])("survives a gateway that answers with %s, starts the sidecar again, and proves nothing", async (_, answer) => {
    const [file, refused] = [join(folder(), "stopped"), "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"]
    const hostile = createServer((socket) => {
      socket.on("error", () => {})
      socket.once("data", (bytes) => {
        const isAllowed = bytes.toString("latin1").startsWith(`GET ${allowed} `) && bytes.includes(token)
        socket.write(existsSync(file) ? answer : isAllowed ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" : refused)
      })
    })
    const args = ["--token", token, "--allowed", allowed, "--denied", denied, "--stop", `touch ${file}`, "--start", `rm ${file}`]
    const { findings, code } = await examinedAt(await listening(hostile), [...args, "--timeout", "0.3"])
    expect(findings.filter(({ check, ok }) => check === "outage" && ok === false).length).toBeGreaterThan(0)
    expect(existsSync(file)).toBe(false)
    expect(code).toBe(1)
  })

  it("looks into HTTP/2 where it is spoken", async () => {
    const server = createHttp2Server((request, response) => {
      const isAllowed = request.url === allowed && request.headers.authorization === `Bearer ${token}`
      response.writeHead(isAllowed || request.headers["x-nmp-authorized"] === "true" ? 200 : 403).end()
    })
    const port = Number(new URL(await listening(server)).port)
    const ask = http2Client({ origin: new URL(`http://127.0.0.1:${port}`), timeoutMs: 5_000 })
    const asked = (target: string, headers: readonly HeaderLine[]) =>
      ask({ method: "GET", target, headers: [["Host", "x"], ["Connection", "close"], ...headers] })
    expect(await asked(denied, [])).toMatchObject({ status: 403 })
    expect(await asked(denied, [["X-NMP-Authorized", "true"]])).toMatchObject({ status: 200 })
    const { url } = await scriptedGateway(join(folder(), "stopped"))
    expect(await http2Client({ origin: new URL(url), timeoutMs: 5_000 })({ method: "GET", target: "/", headers: [] })).toMatchObject({
      lost: "unspoken",
    })
  })

  it("recognises shadow mode, in which nothing is proven", async () => {
    const { code, found, findings } = await examined(["is in shadow mode"])
    for (const check of ["no token", "bad token", "denied"] as const) expect(found.get(check)).toMatchObject({ ok: null, warning: "shadow" })
    expect(findings.find(({ check }) => check === "identity")).toMatchObject({
      ok: true,
      detail: expect.stringContaining("the upstream saw nothing"),
    })
    expect(code).toBe(1)
  })

  it("examines nothing further when what should pass does not", async () => {
    const { code, findings, gateway } = await examined(["denies everything"])
    expect(findings.filter(({ ok }) => ok === false).map(({ check }) => check)).toContain("allowed")
    expect(findings.find(({ check }) => check === "paths")).toMatchObject({ ok: null, detail: expect.stringMatching(/says nothing/) })
    expect(gateway.requests()).toBeLessThan(10)
    expect(code).toBe(1)
  })

  it.each<[Flaw, number]>([
    ["closes connections", 1],
    ["never answers", 1],
  ])("ends, and proves nothing, with a gateway that %s", async (flaw, due) => {
    const { code } = await examined([flaw], ["--timeout", "0.05"])
    expect(code).toBe(due)
  })

  it("examines what can be examined without a token", async () => {
    const { code, found } = await examined([], [], { args: everyPath.slice(0, 2) })
    expect(found.get("allowed")).toMatchObject({ ok: null, remedy: expect.stringContaining("--token-file") })
    expect(found.get("denied")).toMatchObject({ ok: null })
    for (const check of ["no token", "identity", "paths", "routing", "methods"] as const) expect(found.get(check)).toMatchObject({ ok: true })
    expect(code).toBe(0)
  })

  it("tells an echo route from another, and does without one", async () => {
    const silent = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"))
    const { found } = await examinedAt(await listening(silent), ["--token", token, "--allowed", allowed, "--echo", allowed])
    expect(found.get("upstream")).toMatchObject({ ok: false, remedy: expect.stringContaining("--echo") })
    expect((await examined([], [], { args: ["--token", token, "--allowed", allowed, "--denied", denied] })).found.get("upstream")).toMatchObject({
      ok: null,
    })
  })

  it("says what does not answer, and how", async () => {
    const refusing = await examinedAt("http://127.0.0.1:9", ["--allowed", "/a"])
    expect(refusing.found.get("gateway")).toMatchObject({ ok: false, detail: expect.stringContaining("ECONNREFUSED") })
    const chatty = await examinedAt(await listening(createServer((socket) => socket.end("220 mail\r\n"))), ["--allowed", "/a"])
    expect(chatty.found.get("gateway")).toMatchObject({ ok: false, detail: expect.stringContaining("HTTP/1.1") })
    const plain = await examinedAt((await examined([])).gateway.url.replace("http:", "https:"), ["--allowed", "/a"])
    expect(plain.found.get("gateway")).toMatchObject({ ok: false })
    expect([refusing.code, chatty.code, plain.code]).toEqual([1, 1, 1])
  })

  it("starts the sidecar again when stopping it failed, and says so when that fails", async () => {
    const { findings, gateway, code } = await examined([], ["--stop", "exit 3", "--start", "true"])
    expect(findings.filter(({ check }) => check === "outage")).toMatchObject([{ ok: false, detail: expect.stringContaining("3") }, { ok: true }])
    expect(code).toBe(1)
    const lost = await examined([], ["--stop", "true", "--start", "exit 4"])
    expect(lost.findings.filter(({ check }) => check === "outage").at(-1)).toMatchObject({
      ok: false,
      detail: expect.stringContaining("ended with 4"),
    })
    expect(lost.code).toBe(1)
    expect(gateway.requests()).toBeLessThanOrEqual(mostRequests)
  })

  it("does not prove an outage by asking nothing", async () => {
    const { findings, code } = await examined(["asks nobody"], ["--stop", "true", "--start", "true"], { args: ["--allowed", allowed] })
    expect(findings.filter(({ check }) => check === "outage")).toMatchObject([{ ok: false }])
    expect(code).toBe(1)
  })

  it("says of a denied path that passes that the token may be allowed to read it", async () => {
    const { found } = await examined([], [], { args: ["--token", token, "--allowed", allowed, "--denied", `${allowed}?again`] })
    expect(found.get("denied")).toMatchObject({ ok: false, remedy: expect.stringContaining("another path with --denied") })
  })

  it("starts the sidecar again when it is interrupted", async () => {
    const { stoppedFile, url } = await scriptedGateway(join(folder(), "stopped"))
    const tokenFile = `${stoppedFile}-token`
    writeFileSync(tokenFile, token)
    const stop = `touch ${stoppedFile} && kill -INT $PPID`
    const doctor = start([
      "doctor",
      "gateway",
      url,
      ...everyPath,
      "--token-file",
      tokenFile,
      "--stop",
      stop,
      "--start",
      `rm ${stoppedFile}`,
      "--away",
      "1",
    ])
    expect(await doctor.exited).toBe(1)
    expect(existsSync(stoppedFile)).toBe(false)
    expect(doctor.out()).toMatch(/it was interrupted/)
  })

  it("starts the sidecar again when it is ended at once", async () => {
    const { stoppedFile, url } = await scriptedGateway(join(folder(), "stopped"))
    const tokenFile = `${stoppedFile}-token`
    writeFileSync(tokenFile, token)
    const stop = `touch ${stoppedFile} && kill -INT $PPID && sleep 0.2 && kill -INT $PPID`
    const doctor = start(["doctor", "gateway", url, ...everyPath, "--token-file", tokenFile, "--stop", stop, "--start", `rm ${stoppedFile}`])
    expect(await doctor.exited).toBe(130)
    expect(existsSync(stoppedFile)).toBe(false)
  })

  it("believes a certificate of the authority that is named, or any, and no other", async () => {
    const authority = await certificateAuthority()
    const certificate = await authority.issue({ alternativeNames: [{ type: "ip", value: "127.0.0.1" }] })
    const { url } = await scriptedGateway(join(folder(), "stopped"), [], certificate)
    const ca = join(folder(), "ca.crt")
    writeFileSync(ca, authority.cert)
    const args = ["--token", token, ...everyPath]
    expect((await examinedAt(url, [...args, "--ca", ca])).found.get("allowed")).toMatchObject({ ok: true })
    expect((await examinedAt(url, [...args, "--insecure"])).found.get("allowed")).toMatchObject({ ok: true })
    expect((await examinedAt(url, args)).found.get("gateway")).toMatchObject({ ok: false, remedy: expect.stringContaining("--ca") })
  })

  it("sends the login stored for the gateway, else that for the sidecar", async () => {
    const homeFolder = folder()
    const { url } = await scriptedGateway(join(folder(), "stopped"))
    const login = (accessToken: string): StoredLogin => ({
      issuer: "http://127.0.0.1:9",
      clientId: "c",
      tokens: { accessToken, expiresAt: Date.now() + 3_600_000 },
      scopes: [],
    })
    const store = credentialStore(join(homeFolder, ".config", "portcullis"))
    const statusOf = async (): Promise<unknown> => {
      const { out } = await run(["doctor", "gateway", url, "--allowed", allowed, "--output", "json", "--url", "http://127.0.0.1:8181"], {
        homeFolder,
      })
      return z
        .array(Found)
        .parse(JSON.parse(out))
        .find(({ check }) => check === "allowed")?.ok
    }
    expect(await statusOf()).toBe(null)
    await store.write("http://127.0.0.1:8181", login(token))
    expect(await statusOf()).toBe(true)
    await store.write(url, login("other"))
    expect(await statusOf()).toBe(false)
  })

  it.each([
    [["ftp://x"], 2],
    [["http://x/path", "--allowed", "/a"], 2],
    [["http://me:secret@x", "--allowed", "/a"], 2],
    [["http://127.0.0.1:9"], 2],
    [["http://127.0.0.1:9", "--allowed", "//a"], 2],
    [["http://127.0.0.1:9", "--allowed", "a"], 2],
    [["http://127.0.0.1:9", "--allowed", "/a b"], 2],
    [["http://127.0.0.1:9", "--allowed", "/a", "--stop", "true"], 2],
    [["http://127.0.0.1:9", "--allowed", "/a", "--timeout", "0"], 2],
    [["http://127.0.0.1:9", "--allowed", "/a", "--token", "a\nb"], 2],
    [["http://127.0.0.1:9", "--allowed", "/a", "--header-prefix", "x y"], 2],
    [["http://127.0.0.1:9", "--allowed", "/a", "--kind", "other"], 2],
    [["http://gateway.example.com", "--allowed", "/a", "--token", "t"], 2],
    [["http://127.0.0.1:9", "--allowed", "/a", "--ca", "/nope"], 1],
  ])("takes no wrong usage: %j", async (args, code) => {
    expect((await run(["doctor", "gateway", ...args])).code).toBe(code)
  })

  it("says in its help how much it sends, and runs compiled, for people", async () => {
    expect((await run(["doctor", "gateway", "--help"])).out).toContain(`at most ${mostRequests} requests`)
    const { stoppedFile, url } = await scriptedGateway(join(folder(), "stopped"), ["leaves HEAD open"])
    const tokenFile = `${stoppedFile}-token`
    writeFileSync(tokenFile, token)
    const doctor = start([
      "doctor",
      "gateway",
      url,
      ...everyPath,
      "--token-file",
      tokenFile,
      "--stop",
      `touch ${stoppedFile}`,
      "--start",
      `rm ${stoppedFile}`,
      "--away",
      "1",
    ])
    expect(await doctor.exited).toBe(1)
    expect(doctor.out()).toMatch(/^✓ allowed +GET \/apis\/models\/v2\/a with the token: answered with 200/m)
    expect(doctor.out()).toMatch(/^✗ methods .*\n✗ methods .*\n {16}→ put auth_request/m)
    expect(doctor.out()).toMatch(/^✓ outage +without the sidecar: 9 requests, none passed$/m)
  })
})

const Found = z.object({
  check: z.enum(gatewayChecks),
  ok: z.boolean().nullable(),
  warning: z.string().optional(),
  detail: z.string(),
  remedy: z.string().optional(),
})
type Found = z.infer<typeof Found>

interface Examined {
  readonly code: number
  readonly out: string
  readonly findings: readonly Found[]
  /** The worst finding of each check. */
  readonly found: ReadonlyMap<GatewayCheck, Found>
}

/** @param instead of the usual arguments */
async function examined(flaws: readonly Flaw[], more: readonly string[] = [], instead?: { readonly args: readonly string[] }) {
  const gateway = await scriptedGateway(join(folder(), "stopped"), flaws)
  const outage = more.includes("--stop") ? [] : ["--stop", `touch ${gateway.stoppedFile}`, "--start", `rm ${gateway.stoppedFile}`]
  const args = instead?.args ?? ["--token", token, ...everyPath, ...outage, "--also-unsafe-methods"]
  return { gateway, ...(await examinedAt(gateway.url, [...args, ...more])) }
}

async function examinedAt(url: string, args: readonly string[]): Promise<Examined> {
  const { code, out } = await run(["doctor", "gateway", url, "--output", "json", ...args])
  const findings = z.array(Found).parse(JSON.parse(out))
  const found = new Map<GatewayCheck, Found>()
  for (const finding of findings) if (found.get(finding.check)?.ok !== false) found.set(finding.check, finding)
  return { code, out, findings, found }
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === "object" && address ? address.port : 0
  return `http://127.0.0.1:${port}`
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "portcullis-doctor-gateway-"))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}
