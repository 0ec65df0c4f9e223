import { once } from "node:events"
import { chmodSync, existsSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer as createHttpServer } from "node:http"
import { connect, createServer, type Socket } from "node:net"
import { join } from "node:path"
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import type { Timers } from "../../src/model/timers.js"
import { secretFile, startServer, type ServerOptions } from "../../src/server/index.js"
import { certificateAuthority } from "../fixtures/certificates.js"
import { knock, temporaryFolder } from "../fixtures/doors.js"
import { fakePdp } from "../fixtures/fake-pdp.js"
import { testServer } from "../fixtures/test-server.js"
import { createLogger } from "../../src/telemetry/index.js"

const loopback = { host: "127.0.0.1", port: 0 }
const beyond = { hooks: { isLoopback: () => false } }
const allowPath = "/apis/auth/v2/authz/allow"
const question = { input: { principal_id: "ann", method: "GET", path: "/x" } }
const ask = { method: "POST", path: allowPath, body: question }
const statusPath = "/status"

const localhost = { subject: "CN=sidecar", alternativeNames: [{ type: "dns", value: "localhost" }] } as const

/** A CA with a certificate for localhost, in files. */
async function tlsFolder() {
  const authority = await certificateAuthority()
  const folder = temporaryFolder()
  const tls = { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") }
  const write = async (issuer = authority) => {
    const { cert, key } = await issuer.issue(localhost)
    replace(tls.certFile, cert)
    replace(tls.keyFile, key)
  }
  await write()
  const clientCaFile = join(folder, "ca.crt")
  replace(clientCaFile, authority.cert)
  return { authority, folder, tls, clientCaFile, write, ca: authority.cert }
}

/** As orchestrators do: written beside it, then renamed. */
function replace(path: string, content: string): void {
  writeFileSync(`${path}.new`, content)
  renameSync(`${path}.new`, path)
}

function logged() {
  const lines: string[] = []
  return { lines, logger: createLogger({ level: "debug", stream: { write: (line) => void lines.push(line) } }) }
}

async function refusedStart(options: Partial<ServerOptions>): Promise<unknown> {
  const started = startServer({ pdp: fakePdp(), listen: loopback, ...options })
  return started.then(
    async (server) => {
      await server.close(0)
      return "started"
    },
    (thrown: unknown) => thrown,
  )
}

const invalid = (message: RegExp) => expect.objectContaining({ code: "ERR_CONFIG_INVALID", message: expect.stringMatching(message) })

describe("beyond loopback the server", () => {
  it("does not start without TLS, its own or that of a proxy in front", async () => {
    expect(await refusedStart(beyond)).toEqual(invalid(/server\.tls.*server\.insecure_behind_proxy/))
    expect(await refusedStart({ ...beyond, insecureBehindProxy: true })).toBe("started")
    const { tls } = await tlsFolder()
    expect(await refusedStart({ ...beyond, tls })).toBe("started")
  })

  it.each([
    ["unsigned tokens", { allowUnsignedJwt: true }, /auth\.allow_unsigned_jwt/],
    ["tokens that nobody verifies", { enabled: false }, /auth\.enabled/],
  ])("does not start with %s, behind a proxy neither", async (_, authentication, message) => {
    const { tls } = await tlsFolder()
    expect(await refusedStart({ ...beyond, tls, authentication })).toEqual(invalid(message))
    expect(await refusedStart({ insecureBehindProxy: true, authentication })).toEqual(invalid(message))
    expect(await refusedStart({ authentication })).toBe("started")
  })

  it("trusts nobody by default, and on loopback neither when a proxy is in front", async () => {
    const { tls, ca } = await tlsFolder()
    const far = await testServer({ ...beyond, tls })
    expect(await knock({ ...ask, port: far.port, ca })).toMatchObject({ status: 403, code: "peer_not_trusted" })
    const proxied = await testServer({ insecureBehindProxy: true })
    expect(await knock({ ...ask, port: proxied.port })).toMatchObject({ status: 403, code: "peer_not_trusted" })
    const listed = await testServer({ insecureBehindProxy: true, peers: { trustedPeers: ["127.0.0.1"] } })
    expect(await knock({ ...ask, port: listed.port, headers: { "X-Forwarded-For": "10.0.0.1" } })).toMatchObject({ status: 200 })
  })

  it("answers health and metrics to whoever comes to the second listener, by whatever name", async () => {
    const health = { healthListen: loopback, ...beyond }
    const { tls } = await tlsFolder()
    const { healthUrl = "" } = await testServer({ ...health, tls })
    const port = Number(new URL(healthUrl).port)
    for (const path of ["/health", "/health/live", "/health/ready", "/metrics"])
      expect(await knock({ port, path, headers: { Host: "sidecar.monitoring.svc:9090" } })).toMatchObject({ status: 200 })
    for (const path of ["/status", "/openapi.json", "/bundles/authz.tar.gz", "/apis/auth/discovery"])
      expect(await knock({ port, path })).toMatchObject({ status: 404 })
    expect(await knock({ port, path: "/metrics", headers: { Origin: "https://evil.example" } })).toMatchObject({ status: 403 })
  })
})

describe("over TLS the server", () => {
  it("serves, and speaks nothing older than 1.2", async () => {
    const { tls, ca } = await tlsFolder()
    const { url, port } = await testServer({ tls })
    expect(url).toBe(`https://127.0.0.1:${port}`)
    expect(await knock({ ...ask, port, ca })).toMatchObject({ status: 200 })
    expect(await knock({ ...ask, port, ca, maxVersion: "TLSv1.2" })).toMatchObject({ status: 200 })
    const old = connectTls({
      port,
      host: "127.0.0.1",
      ca,
      servername: "localhost",
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "ALL@SECLEVEL=0",
    })
    const [error] = await once(old, "error")
    expect(error).toMatchObject({ code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" })
  })

  it("goes over to a new certificate when the files change, without a restart", async () => {
    const { tls, ca, write } = await tlsFolder()
    const { port } = await testServer({ tls })
    const other = await certificateAuthority("CN=Other CA")
    await expect(knock({ ...ask, port, ca: other.cert })).rejects.toThrow()
    const connection = await tlsConnection({ port, ca })
    await write(other)
    await expect.poll(() => knock({ ...ask, port, ca: other.cert }).catch(() => undefined)).toMatchObject({ status: 200 })
    await expect(knock({ ...ask, port, ca })).rejects.toThrow()
    expect(await spoken(connection, "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).toContain("HTTP/1.1 200")
  })

  it("keeps the old certificate when the new files make no sense, and says so once", async () => {
    const { tls, ca, write } = await tlsFolder()
    const { lines, logger } = logged()
    const { port } = await testServer({ tls, logger })
    replace(tls.certFile, "no certificate")
    await expect.poll(() => lines.filter((line) => line.includes('"level":50'))).toHaveLength(1)
    expect(lines.at(-1)).toContain(tls.certFile)
    expect(await knock({ ...ask, port, ca })).toMatchObject({ status: 200 })
    const other = await certificateAuthority("CN=Other CA")
    await write(other)
    await expect.poll(() => knock({ ...ask, port, ca: other.cert }).catch(() => undefined)).toMatchObject({ status: 200 })
    expect(lines.join("")).not.toContain("PRIVATE KEY")
  })

  it.each<[string, (files: Awaited<ReturnType<typeof tlsFolder>>) => Promise<void> | void, RegExp]>([
    ["a certificate that is not there", ({ tls }) => renameSync(tls.certFile, `${tls.certFile}.gone`), /tls\.crt cannot be read/],
    ["a certificate that is none", ({ tls }) => writeFileSync(tls.certFile, "x"), /tls\.crt holds no certificate/],
    ["a broken certificate", ({ tls }) => writeFileSync(tls.certFile, brokenCertificate), /tls\.crt certificate 1 in it cannot be read/],
    ["a key that is none", ({ tls }) => writeFileSync(tls.keyFile, "x"), /tls\.key holds no private key/],
    [
      "the key of another certificate",
      async ({ tls, authority }) => writeFileSync(tls.keyFile, (await authority.issue(localhost)).key),
      /tls\.key is not the key of the certificate/,
    ],
    ["client CAs that are none", ({ clientCaFile }) => writeFileSync(clientCaFile, "x"), /ca\.crt holds no certificate/],
  ])("does not start with %s", async (_, spoil, message) => {
    const files = await tlsFolder()
    await spoil(files)
    expect(await refusedStart({ tls: { ...files.tls, clientCaFile: files.clientCaFile } })).toEqual(invalid(message))
  })

  it("cuts off who speaks no TLS, or too slowly, and is not held up by them when it stops", async () => {
    const { tls, ca } = await tlsFolder()
    const server = await testServer({ tls, limits: { requestSeconds: 0.3 } })
    const plain = connect(server.port, "127.0.0.1")
    plain.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    expect(await untilClosed(plain)).not.toContain("HTTP/1.1 200")
    expect(await untilClosed(connect(server.port, "127.0.0.1"))).toBe("")
    const half = await tlsConnection({ port: server.port, ca })
    expect(await spoken(half, "GET /hea")).toContain("HTTP/1.1 408")
    const silent = [connect(server.port, "127.0.0.1"), await tlsConnection({ port: server.port, ca })]
    const closed = silent.map(untilClosed)
    await server.close(60_000)
    expect(await Promise.all(closed)).toEqual(["", ""])
  })

  it.each([
    ["has not even begun TLS, when the grace ends", "", 10],
    ["has not even begun TLS, long before the grace ends", "", 60_000],
    ["began TLS and says no more, long before the grace ends", "\x16\x03\x01\x02", 60_000],
  ])("that stops cuts off who %s", async (_, begun, graceMs) => {
    const { tls } = await tlsFolder()
    const server = await testServer({ tls, limits: { requestSeconds: 300 } })
    const silent = connect(server.port, "127.0.0.1")
    await once(silent, "connect")
    const closed = untilClosed(silent)
    silent.write(begun, "latin1")
    await server.close(graceMs)
    expect(await closed).toBe("")
  })

  it("answers what is too large or malformed as it does without", async () => {
    const { tls, ca } = await tlsFolder()
    const { port } = await testServer({ tls })
    const cases = [
      [`GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${"a".repeat(40_000)}\r\n\r\n`, 431],
      ["NONSENSE\r\n\r\n", 400],
      ["CONNECT a:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405],
    ] as const
    for (const [text, status] of cases) expect(await spoken(await tlsConnection({ port, ca }), text)).toContain(`HTTP/1.1 ${status}`)
  })
})

const brokenCertificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

describe("a client certificate", () => {
  const trusted = { trustedPeers: ["certificate:gateway"] }

  it("makes its holder a trusted peer, whom others are not", async () => {
    const { tls, ca, clientCaFile, authority } = await tlsFolder()
    const { port } = await testServer({ ...beyond, tls: { ...tls, clientCaFile }, peers: trusted })
    const stranger = await certificateAuthority("CN=Stranger CA")
    const gateway = await authority.issue({ subject: "CN=gateway" })
    expect(await knock({ ...ask, port, ca, ...gateway })).toMatchObject({ status: 200 })
    expect(await knock({ ...ask, port, ca, ...gateway, headers: { Via: "1.1 gateway" } })).toMatchObject({ status: 200 })
    for (const shown of [{}, await authority.issue({ subject: "CN=other" }), await stranger.issue({ subject: "CN=gateway" })]) {
      expect(await knock({ ...ask, port, ca, ...shown })).toMatchObject({ status: 403, code: "peer_not_trusted" })
      expect(await knock({ port, ca, ...shown, path: "/health" })).toMatchObject({ status: 200 })
    }
  })

  it("of a CA that only has the name of ours is not believed, and breaks nobody else's connection", async () => {
    const { tls, ca, clientCaFile, authority } = await tlsFolder()
    const { port } = await testServer({ ...beyond, tls: { ...tls, clientCaFile }, peers: trusted })
    const forged = await (await certificateAuthority()).issue({ subject: "CN=gateway" })
    const gateway = await authority.issue({ subject: "CN=gateway" })
    for (let round = 0; round < 5; round++) {
      const [bad, good] = await Promise.all([knock({ ...ask, port, ca, ...forged }), knock({ ...ask, port, ca, ...gateway })])
      expect([[400, 403].includes(bad.status), good.status]).toEqual([true, 200])
    }
  })

  it("is not proven by a TLS session that began without one", async () => {
    const { tls, ca, clientCaFile } = await tlsFolder()
    const { port } = await testServer({ ...beyond, tls: { ...tls, clientCaFile }, peers: { trustedPeers: ["certificate"] } })
    const first = await tlsConnection({ port, ca })
    const session = once(first, "session")
    const text = `GET ${statusPath} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
    expect(await spoken(first, text)).toContain("HTTP/1.1 403")
    const [kept] = await session
    const second = await tlsConnection({ port, ca, session: kept })
    expect(second.isSessionReused()).toBe(true)
    expect(await spoken(second, text)).toContain("HTTP/1.1 403")
  })

  it("proves nothing once it has expired, in a session that is resumed neither", async () => {
    const { tls, ca, clientCaFile, authority } = await tlsFolder()
    const { port } = await testServer({ ...beyond, tls: { ...tls, clientCaFile }, peers: trusted })
    const gateway = await authority.issue({ subject: "CN=gateway" })
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const options = { port, ca, maxVersion: version }
      const kept = await connected({ ...options, ...gateway })
      expect(kept.answer).toContain("HTTP/1.1 200")
      const resumed = await connected({ ...options, session: kept.session })
      expect([resumed.isReused, resumed.answer]).toEqual([true, expect.stringContaining("HTTP/1.1 200")])
      const later = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_600_000)
      const expired = await connected({ ...options, session: kept.session })
      later.mockRestore()
      expect([expired.isReused, expired.answer]).toEqual([true, expect.stringContaining("HTTP/1.1 403")])
    }
  })

  it("proves nothing once other CAs sign, on connections and in sessions from before neither", async () => {
    const { tls, ca, clientCaFile, authority } = await tlsFolder()
    const { port } = await testServer({ ...beyond, tls: { ...tls, clientCaFile }, peers: trusted })
    const gateway = await authority.issue({ subject: "CN=gateway" })
    const sessions = await Promise.all(
      (["TLSv1.2", "TLSv1.3"] as const).map(async (maxVersion) => ({ maxVersion, ...(await connected({ port, ca, maxVersion, ...gateway })) })),
    )
    const idle = await tlsConnection({ port, ca, ...gateway })
    const idleAnswers = untilClosed(idle)
    idle.write(`GET ${statusPath} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await once(idle, "data")
    const busy = await tlsConnection({ port, ca, ...gateway })
    const busyAnswers = untilClosed(busy)
    busy.write(`${askHead}${askBody.slice(0, 4)}`)
    const fresh = await tlsConnection({ port, ca, ...gateway })
    const halfway = connect(port, "127.0.0.1")
    await once(halfway, "connect")
    const halfwayClosed = untilClosed(halfway)
    const next = await certificateAuthority("CN=Next CA")
    replace(clientCaFile, next.cert)
    expect(await idleAnswers).toMatch(/^HTTP\/1\.1 200 [^]*$/)
    await halfwayClosed
    busy.write(`${askBody.slice(4)}GET ${statusPath} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    expect((await busyAnswers).match(/HTTP\/1\.1 \d+|Connection: close/g)).toEqual(["HTTP/1.1 200", "Connection: close"])
    expect(await spoken(fresh, `GET ${statusPath} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).not.toContain("HTTP/1.1 200")
    for (const { maxVersion, session } of sessions) {
      const resumed = await connected({ port, ca, maxVersion, session })
      expect([resumed.isReused, resumed.answer]).toEqual([false, expect.stringContaining("HTTP/1.1 403")])
    }
  })

  it("holds on while only the certificate of the server changes", async () => {
    const { tls, ca, clientCaFile, authority, write } = await tlsFolder()
    const { port } = await testServer({ ...beyond, tls: { ...tls, clientCaFile }, peers: trusted })
    const connection = await tlsConnection({ port, ca, ...(await authority.issue({ subject: "CN=gateway" })) })
    const other = await certificateAuthority("CN=Other CA")
    await write(other)
    await expect.poll(() => knock({ ...ask, port, ca: other.cert }).catch(() => undefined)).toMatchObject({ status: 403 })
    expect(await spoken(connection, closing)).toContain("HTTP/1.1 200")
  })

  it("is asked for by new CAs when their file changes", async () => {
    const { tls, ca, clientCaFile, authority } = await tlsFolder()
    const { port } = await testServer({ ...beyond, tls: { ...tls, clientCaFile }, peers: trusted })
    const gateway = await authority.issue({ subject: "CN=gateway" })
    expect(await knock({ ...ask, port, ca, ...gateway })).toMatchObject({ status: 200 })
    const next = await certificateAuthority("CN=Next CA")
    replace(clientCaFile, next.cert)
    const nextGateway = await next.issue({ subject: "CN=gateway" })
    await expect.poll(() => knock({ ...ask, port, ca, ...nextGateway })).toMatchObject({ status: 200 })
    expect(await knock({ ...ask, port, ca, ...gateway })).toMatchObject({ status: 403 })
  })
})

describe("over a UNIX domain socket the server", () => {
  it("serves its owner and group, who are trusted, and removes the socket when it stops", async () => {
    const path = join(temporaryFolder(), "portcullis.sock")
    const server = await testServer({ listen: { path } })
    expect(server.url).toBe(`unix:${path}`)
    expect(statSync(path).mode & 0o777).toBe(0o660)
    expect(await knock({ ...ask, socketPath: path })).toMatchObject({ status: 200 })
    expect(await knock({ ...ask, socketPath: path, headers: { "X-Forwarded-For": "10.0.0.1" } })).toMatchObject({ code: "forwarded_not_trusted" })
    expect(await knock({ path: "/bundles/authz.tar.gz", socketPath: path, headers: { "X-NMP-Principal-Id": "service:opa" } })).toMatchObject({
      status: 200,
    })
    expect(await knock({ path: "/health", socketPath: path, headers: { Host: "evil.example" } })).toMatchObject({ status: 421 })
    await server.close(0)
    expect(existsSync(path)).toBe(false)
  })

  it("trusts those whom trusted_peers names, and no others", async () => {
    for (const [trustedPeers, status] of [
      [["unix"], 200],
      [["loopback"], 403],
      [[], 403],
    ] as const) {
      const path = join(temporaryFolder(), "portcullis.sock")
      await testServer({ listen: { path }, peers: { trustedPeers } })
      expect(await knock({ ...ask, socketPath: path })).toMatchObject({ status })
    }
  })

  it("takes the place of a socket that nobody answers on", async () => {
    const path = join(temporaryFolder(), "portcullis.sock")
    const dead = createServer()
    dead.listen(`${path}.dead`)
    await once(dead, "listening")
    renameSync(`${path}.dead`, path)
    await new Promise((resolve) => dead.close(resolve))
    expect(existsSync(path)).toBe(true)
    await testServer({ listen: { path } })
    expect(await knock({ ...ask, socketPath: path })).toMatchObject({ status: 200 })
  })

  it("leaves alone what is in use, and what is no socket", async () => {
    const path = join(temporaryFolder(), "portcullis.sock")
    await testServer({ listen: { path } })
    expect(await refusedStart({ listen: { path } })).toEqual(invalid(/in use/))
    expect(await knock({ ...ask, socketPath: path })).toMatchObject({ status: 200 })
    const file = join(temporaryFolder(), "notes.txt")
    writeFileSync(file, "mine")
    const link = `${file}.sock`
    symlinkSync(path, link)
    for (const wrong of [file, link]) expect(await refusedStart({ listen: { path: wrong } })).toEqual(invalid(/no socket/))
    expect(readFileSync(file, "utf8")).toBe("mine")
  })

  it("does not remove a socket that another process has put there since", async () => {
    const path = join(temporaryFolder(), "portcullis.sock")
    const first = await testServer({ listen: { path } })
    const second = createHttpServer((_request, response) => void response.end("second"))
    second.listen(`${path}.2`)
    await once(second, "listening")
    onTestFinished(() => void second.close())
    renameSync(`${path}.2`, path)
    await first.close(0)
    expect((await knock({ socketPath: path })).text).toBe("second")
  })

  it.each([
    [`/nowhere/at/all/x.sock`, /cannot be made/],
    [`/tmp/${"x".repeat(120)}`, /longer than/],
  ])("says what is wrong with the path %s", async (path, message) => {
    expect(await refusedStart({ listen: { path } })).toEqual(invalid(message))
  })

  it("speaks no TLS", async () => {
    const { tls, folder } = await tlsFolder()
    expect(await refusedStart({ listen: { path: join(folder, "x.sock") }, tls })).toEqual(invalid(/without TLS/))
  })
})

describe("a peer secret", () => {
  const [first, second, third] = ["first-secret-of-16-and-more", "second-secret-of-16-and-more", "third-secret-of-16-and-more"]
  const shown = (secret: string) => ({ headers: { "X-Portcullis-Peer-Secret": secret } })

  it("makes a trusted peer, and is exchanged by way of a file with two lines", async () => {
    const file = join(temporaryFolder(), "secret")
    writeFileSync(file, `${first}\n`)
    const problems: Error[] = []
    const secrets = secretFile(file, { onProblem: (error) => problems.push(error) })
    onTestFinished(secrets.close)
    const { port } = await testServer({ insecureBehindProxy: true, peers: { secrets: secrets.secrets } })
    const statuses = () => Promise.all([first, second, third].map(async (secret) => (await knock({ ...ask, port, ...shown(secret) })).status))
    expect(await statuses()).toEqual([200, 403, 403])
    replace(file, `${first}\n${second}\n`)
    await expect.poll(statuses).toEqual([200, 200, 403])
    replace(file, "too short")
    await expect.poll(() => problems.length).toBe(1)
    expect(await statuses()).toEqual([200, 200, 403])
    expect(problems[0]).toMatchObject({ code: "ERR_CONFIG_INVALID", message: expect.not.stringContaining("too short") })
    replace(file, second)
    await expect.poll(statuses).toEqual([403, 200, 403])
  })

  it.each([
    ["", /holds 0 lines/],
    ["fifteen-letters", /line 1/],
    [`${"a".repeat(16)}\nshort`, /line 2/],
    [`${"a".repeat(16)}\n${"b".repeat(16)}\n${"c".repeat(16)}`, /holds 3 lines/],
    ["sixteen letters ÿ and more", /line 1/],
  ])("is not read from a file that holds %j", (content, message) => {
    const file = join(temporaryFolder(), "secret")
    writeFileSync(file, content)
    expect(() => secretFile(file, { onProblem: () => {} })).toThrow(invalid(message))
  })

  it("is not read from a file that is not there, or a directory", () => {
    const folder = temporaryFolder()
    for (const path of [join(folder, "none"), folder]) expect(() => secretFile(path, { onProblem: () => {} })).toThrow(invalid(/cannot be read/))
  })

  it("is looked for again every 30 seconds, where nothing tells of a change, and a failure is told of once", () => {
    const file = join(temporaryFolder(), "secret")
    writeFileSync(file, first)
    const { timers, pass } = manualTimers()
    const problems: unknown[] = []
    const { secrets, close } = secretFile(file, { onProblem: (error) => problems.push(error), timers })
    renameSync(file, `${file}.away`)
    pass(30_000)
    pass(30_000)
    expect([secrets(), problems]).toEqual([[first], [invalid(/cannot be read/)]])
    renameSync(`${file}.away`, file)
    writeFileSync(file, second)
    pass(30_000)
    expect([secrets(), problems.length]).toEqual([[second], 1])
    chmodSync(file, 0o600)
    close()
    writeFileSync(file, third)
    pass(30_000)
    expect(secrets()).toEqual([second])
  })
})

/** Timers that a test moves on. */
function manualTimers(): { readonly timers: Timers; pass(ms: number): void } {
  let now = 0
  const waiting = new Set<{ readonly at: number; readonly run: () => void }>()
  return {
    timers: {
      after(ms, run) {
        const one = { at: now + ms, run }
        waiting.add(one)
        return () => void waiting.delete(one)
      },
    },
    pass(ms) {
      now += ms
      for (const one of [...waiting].filter(({ at }) => at <= now)) {
        waiting.delete(one)
        one.run()
      }
    },
  }
}

const closing = `GET ${statusPath} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
const askBody = JSON.stringify(question)
const askHead = `POST ${allowPath} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${askBody.length}\r\n\r\n`

/** One request for trusted peers on a connection of its own. */
async function connected(options: ConnectionOptions) {
  const socket = connectTls({ host: "127.0.0.1", servername: "localhost", ...options })
  const sessions: Buffer[] = []
  socket.on("session", (session: Buffer) => sessions.push(session))
  await once(socket, "secureConnect")
  const isReused = socket.isSessionReused()
  const answer = await spoken(socket, closing)
  return { answer, isReused, session: sessions.at(-1) }
}

async function tlsConnection(options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls({ host: "127.0.0.1", servername: "localhost", ...options })
  await once(socket, "secureConnect")
  return socket
}

/** Writes, and gives everything that comes back until the server closes. */
function spoken(socket: Socket, text: string): Promise<string> {
  socket.write(text)
  return untilClosed(socket)
}

function untilClosed(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let answer = ""
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")))
    socket.on("error", () => {})
    socket.on("close", () => resolve(answer))
  })
}
