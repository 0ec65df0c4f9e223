import { credentials } from "@grpc/grpc-js"
import { existsSync, renameSync, statSync, writeFileSync } from "node:fs"
import { createServer, type ServerResponse } from "node:http"
import { connect as connectHttp2 } from "node:http2"
import { connect, type Socket } from "node:net"
import { join } from "node:path"
import { connect as connectTls } from "node:tls"
import { describe, expect, it, onTestFinished } from "vitest"
import { startServer, type ServerOptions } from "../../src/server/index.js"
import { certificateAuthority } from "../fixtures/certificates.js"
import { temporaryFolder } from "../fixtures/doors.js"
import { answerIn, checkMethod, checkRequest, envoyClient } from "../fixtures/envoy-client.js"
import { fakePdp } from "../fixtures/fake-pdp.js"
import { listening } from "../fixtures/listening.js"
import { until } from "../fixtures/opa-server.js"
import { testServer } from "../fixtures/test-server.js"

const listen = { host: "127.0.0.1", port: 0 }
const beyond = { hooks: { isLoopback: () => false } }
const asked = { path: "/x", headers: { authorization: "Bearer a.b.c" } }
/** It was looked at: nobody could verify this token. */
const heard = { code: 16, metadata: { reason: "token_malformed" } }
const strange = { code: 7, status: 403, metadata: { reason: "peer_not_trusted" } }

async function world(options: Partial<ServerOptions> = {}) {
  const server = await testServer({ envoyGrpc: { listen }, ...options })
  const url = server.envoyGrpcUrl ?? ""
  return { ...server, grpcUrl: url, target: url.replace(/^grpcs?:\/\//, "") }
}

async function refusedStart(options: Partial<ServerOptions>): Promise<unknown> {
  const started = startServer({ pdp: fakePdp(), listen, ...options })
  return started.then(
    async (server) => {
      await server.close(0)
      return "started"
    },
    (thrown: unknown) => thrown,
  )
}

const invalid = (message: RegExp) => expect.objectContaining({ code: "ERR_CONFIG_INVALID", message: expect.stringMatching(message) })

/** A CA with a certificate for the server, in files. */
async function tlsFolder() {
  const authority = await certificateAuthority()
  const folder = temporaryFolder()
  const tls = { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key"), clientCaFile: join(folder, "ca.crt") }
  const write = async (issuer = authority) => {
    const { cert, key } = await issuer.issue({ subject: "CN=sidecar", alternativeNames: [{ type: "dns", value: "localhost" }] })
    replace(tls.certFile, cert)
    replace(tls.keyFile, key)
  }
  await write()
  replace(tls.clientCaFile, authority.cert)
  return { authority, tls, write }
}

function replace(path: string, content: string): void {
  writeFileSync(`${path}.new`, content)
  renameSync(`${path}.new`, path)
}

function secured(ca: string, client?: { readonly key: string; readonly cert: string }) {
  const [key = null, cert = null] = client ? [Buffer.from(client.key), Buffer.from(client.cert)] : []
  return credentials.createSsl(Buffer.from(ca), key, cert, { checkServerIdentity: () => undefined })
}

describe("gRPC listens", () => {
  it("on a UNIX domain socket, which its owner and group may connect to, and which goes with the server", async () => {
    const path = join(temporaryFolder(), "envoy.sock")
    const { grpcUrl, close } = await world({ envoyGrpc: { listen: { path } } })
    expect(grpcUrl).toBe(`unix:${path}`)
    expect(statSync(path).mode & 0o777).toBe(0o660)
    expect(await envoyClient(`unix:${path}`).check(asked)).toMatchObject(heard)
    await close(0)
    expect(existsSync(path)).toBe(false)
  })

  it("beyond loopback with TLS only, its own or that of a proxy in front, and verified tokens", async () => {
    const grpc = { envoyGrpc: { listen: { host: "0.0.0.0", port: 0 } } }
    expect(await refusedStart(grpc)).toEqual(invalid(/0\.0\.0\.0.*server\.tls.*server\.insecure_behind_proxy/))
    expect(await refusedStart({ ...grpc, insecureBehindProxy: true })).toBe("started")
    const { tls } = await tlsFolder()
    expect(await refusedStart({ ...grpc, tls })).toBe("started")
    expect(await refusedStart({ ...grpc, tls, authentication: { allowUnsignedJwt: true } })).toEqual(invalid(/allow_unsigned_jwt/))
  })

  it("nowhere where somebody else does, and then nothing else is left listening either", async () => {
    const { port } = await world()
    expect(await refusedStart({ envoyGrpc: { listen: { host: "127.0.0.1", port } } })).toEqual(invalid(/in use/))
  })
})

describe("gateways that ask over gRPC", () => {
  it("are believed on this machine, whatever their clients say of proxies", async () => {
    const { target } = await world()
    expect(await envoyClient(target).check(asked, { "x-forwarded-for": "10.0.0.1", "x-envoy-internal": "true" })).toMatchObject(heard)
  })

  it("are refused beyond it, by a deny, unless they are listed", async () => {
    const proxied = await world({ insecureBehindProxy: true })
    const answer = await envoyClient(proxied.target).check(asked)
    expect(answer).toMatchObject(strange)
    expect(JSON.parse(answer.body)).toMatchObject({ code: "peer_not_trusted", detail: expect.stringContaining("trusted_peers") })
    const listed = await world({ insecureBehindProxy: true, peers: { trustedPeers: ["127.0.0.1"] } })
    expect(await envoyClient(listed.target).check(asked)).toMatchObject(heard)
    expect(await envoyClient((await world({ peers: { trustedPeers: [] } })).target).check(asked)).toMatchObject(strange)
  })

  it("are believed for a peer secret in the metadata", async () => {
    const secret = "a-secret-of-this-gateway"
    const { target } = await world({ insecureBehindProxy: true, peers: { secrets: () => [secret] } })
    const envoy = envoyClient(target)
    expect(await envoy.check(asked, { "x-portcullis-peer-secret": secret })).toMatchObject(heard)
    expect(await envoy.check(asked, { "x-portcullis-peer-secret": `${secret}!` })).toMatchObject(strange)
    expect(await envoy.check({ ...asked, headers: { ...asked.headers, "x-portcullis-peer-secret": secret } })).toMatchObject(strange)
  })

  it("are believed for a client certificate that is listed", async () => {
    const { authority, tls } = await tlsFolder()
    const { target } = await world({ ...beyond, tls, peers: { trustedPeers: ["certificate:gateway"] } })
    const ask = async (client?: { readonly key: string; readonly cert: string }) => envoyClient(target, secured(authority.cert, client)).check(asked)
    expect(await ask(await authority.issue({ subject: "CN=gateway" }))).toMatchObject(heard)
    expect(await ask(await authority.issue({ subject: "CN=other" }))).toMatchObject(strange)
    expect(await ask(await (await certificateAuthority("CN=Foreign CA")).issue({ subject: "CN=gateway" }))).toMatchObject(strange)
    expect(await ask()).toMatchObject(strange)
  })

  it("are told of new certificates, and those that the old CA signed prove nothing on connections that are open", async () => {
    const { authority, tls, write } = await tlsFolder()
    const { target } = await world({ ...beyond, tls, peers: { trustedPeers: ["certificate:gateway"] } })
    const client = await authority.issue({ subject: "CN=gateway" })
    const envoy = envoyClient(target, secured(authority.cert, client))
    expect(await envoy.check(asked)).toMatchObject(heard)
    const other = await certificateAuthority("CN=Other CA")
    replace(tls.clientCaFile, other.cert)
    await until(async () => (await envoy.check(asked)).code === strange.code)
    await write(other)
    const next = await other.issue({ subject: "CN=gateway" })
    await until(async () => {
      const { code } = await envoyClient(target, secured(other.cert, next)).call(checkMethod, checkRequest(asked), { deadlineMs: 1_000 })
      return code === 0
    })
    expect(await envoyClient(target, secured(other.cert, next)).check(asked)).toMatchObject(heard)
  })
})

describe("clients that speak something else", () => {
  it.each(["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0", "x".repeat(100)])("are cut off: %j", async (text) => {
    const { target, close } = await world({ limits: { requestSeconds: 0.2 } })
    const socket = connect(Number(target.split(":")[1]), "127.0.0.1", () => socket.write(text))
    onTestFinished(() => void socket.destroy())
    socket.on("error", () => {}).resume()
    const isPreface = text.startsWith("PRI")
    if (!isPreface) await closed(socket)
    expect((await envoyClient(target).check(asked)).code).toBe(heard.code)
    await close(100)
    await closed(socket)
  })

  it("are cut off without a handshake, and without HTTP/2 in it", async () => {
    const { authority, tls } = await tlsFolder()
    const { target } = await world({ tls, limits: { requestSeconds: 0.2 } })
    const port = Number(target.split(":")[1])
    const bare = connect(port, "127.0.0.1")
    await closed(bare.on("error", () => {}).resume())
    const old = connectTls({ port, host: "127.0.0.1", ca: authority.cert, servername: "localhost", ALPNProtocols: ["http/1.1"] })
    await closed(old.on("error", () => {}).resume())
    const mute = connectTls({ port, host: "127.0.0.1", ca: authority.cert, servername: "localhost", ALPNProtocols: ["h2"] })
    await closed(mute.on("error", () => {}).resume())
  })

  it("are told 415 when it is no gRPC", async () => {
    const { target } = await world()
    const session = connectHttp2(`http://${target}`)
    onTestFinished(() => session.destroy())
    const stream = session.request({ ":method": "POST", ":path": checkMethod, "content-type": "application/json" })
    const status = await new Promise((resolve) => stream.once("response", (headers) => resolve(headers[":status"])).end("{}"))
    expect(status).toBe(415)
  })
})

function closed(socket: Socket): Promise<unknown> {
  return socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once("close", resolve))
}

/** An issuer whose keys come when they are let go, and a token of his that nobody can verify before. */
async function slowIssuer() {
  const waiting: ServerResponse[] = []
  let isOpen = false
  const answer = (response: ServerResponse): unknown => response.writeHead(200, { "Content-Type": "application/json" }).end('{"keys":[]}')
  const server = createServer((_request, response) => void (isOpen ? answer(response) : waiting.push(response)))
  const issuer = await listening(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString("base64url")
  const now = Math.floor(Date.now() / 1_000)
  const token = [
    part({ alg: "ES256", typ: "JWT", kid: "1" }),
    part({ iss: issuer, aud: "portcullis", sub: "ann", iat: now, exp: now + 600 }),
    "AAAA",
  ].join(".")
  return {
    gateway: { idpWaitMs: 5_000 },
    authentication: { jwksCooldownSeconds: 0.1, issuers: [{ issuer, audience: "portcullis", jwksUri: `${issuer}/jwks` }] },
    asked: { path: "/x", headers: { authorization: `Bearer ${token}` } },
    isAsked: async () => waiting.length > 0,
    letGo() {
      isOpen = true
      for (const response of waiting.splice(0)) answer(response)
    },
  }
}

describe("calls", () => {
  it("that do not arrive completely are ended in time", async () => {
    const { target } = await world({ limits: { requestSeconds: 0.2 } })
    const session = connectHttp2(`http://${target}`)
    onTestFinished(() => session.destroy())
    const stream = session.request({ ":method": "POST", ":path": checkMethod, "content-type": "application/grpc", te: "trailers" })
    stream.write(Buffer.from([0, 0, 0, 1, 0]))
    const status = await new Promise((resolve) => stream.once("response", (headers) => resolve(headers["grpc-status"])))
    expect(status).toBe("4")
  })

  it("beyond what may be in work are told so, and health is told all the same", async () => {
    const { target } = await world({ limits: { concurrentRequests: 1, requestSeconds: 5 } })
    const session = connectHttp2(`http://${target}`)
    onTestFinished(() => session.destroy())
    const stream = session.request({ ":method": "POST", ":path": checkMethod, "content-type": "application/grpc", te: "trailers" })
    const envoy = envoyClient(target)
    await until(async () => (await envoy.call(checkMethod, checkRequest(asked))).code === 8)
    expect(await envoy.health()).toBe("SERVING")
    stream.close()
    await until(async () => (await envoy.call(checkMethod, checkRequest(asked))).code === 0)
  })

  it("of strangers take no places of gateways, and their number is bound", async () => {
    const secret = "a-secret-of-this-gateway"
    const { target } = await world({ insecureBehindProxy: true, peers: { secrets: () => [secret] }, limits: { concurrentRequests: 25 } })
    const session = connectHttp2(`http://${target}`)
    onTestFinished(() => session.destroy())
    const hold = () => {
      const stream = session.request({ ":method": "POST", ":path": checkMethod, "content-type": "application/grpc", te: "trailers" })
      stream.on("error", () => {}).write(Buffer.from([0]))
    }
    for (let call = 0; call < 40; call++) hold()
    const envoy = envoyClient(target)
    await until(async () => (await envoy.call(checkMethod, checkRequest(asked))).code === 8)
    expect(await envoy.check(asked, { "x-portcullis-peer-secret": secret })).toMatchObject(heard)
    expect(await envoy.health()).toBe("SERVING")
  })

  it("that wait for an identity provider take no place of others", async () => {
    const slow = await slowIssuer()
    const { target } = await world({
      gateway: slow.gateway,
      authentication: slow.authentication,
      limits: { concurrentRequests: 1, requestSeconds: 5 },
    })
    const envoy = envoyClient(target)
    const first = envoy.check(slow.asked)
    await until(slow.isAsked)
    await until(async () => (await envoy.check(asked)).metadata["reason"] === heard.metadata.reason)
    slow.letGo()
    expect(await first).toMatchObject({ code: 16 })
  })

  it("give up on an identity provider that says nothing before Envoy gives up on them", async () => {
    const slow = await slowIssuer()
    const { target } = await world({ authentication: slow.authentication })
    const begun = performance.now()
    const { code, bytes } = await envoyClient(target).call(checkMethod, checkRequest(slow.asked), { deadlineMs: 5_000 })
    expect(code).toBe(0)
    expect(answerIn(bytes ?? Buffer.alloc(0))).toMatchObject({ code: 16, status: 401, metadata: { reason: "idp_unavailable" } })
    expect(performance.now() - begun).toBeLessThan(2_000)
    slow.letGo()
    await until(async () => (await envoyClient(target).check(slow.asked)).metadata["reason"] === "unknown_key")
  })

  it("end at the deadline of their client", async () => {
    const slow = await slowIssuer()
    const { target } = await world({ gateway: slow.gateway, authentication: slow.authentication })
    const { code } = await envoyClient(target).call(checkMethod, checkRequest(slow.asked), { deadlineMs: 200 })
    expect(code).toBe(4)
  })

  it("may finish while the server stops, and nobody is heard any more", async () => {
    const slow = await slowIssuer()
    const { target, close } = await world({ gateway: slow.gateway, authentication: slow.authentication })
    const envoy = envoyClient(target)
    const first = envoy.check(slow.asked)
    await until(slow.isAsked)
    const stopped = close(30_000)
    await until(async () => (await envoyClient(target).call(checkMethod, checkRequest(asked), { deadlineMs: 1_000 })).code !== 0)
    slow.letGo()
    expect(await first).toMatchObject({ code: 16 })
    await stopped
  })

  it("are cut off when they take longer than a stop may", async () => {
    const slow = await slowIssuer()
    const { target, close } = await world({ gateway: slow.gateway, authentication: slow.authentication })
    const first = envoyClient(target).call(checkMethod, checkRequest(slow.asked))
    await until(slow.isAsked)
    await close(100)
    expect((await first).code).not.toBe(0)
  })

  it("keep no server from stopping that are over", async () => {
    const { target, close } = await world()
    const envoy = envoyClient(target)
    await envoy.check(asked)
    const mute = connect(Number(target.split(":")[1]), "127.0.0.1")
    mute.on("error", () => {}).resume()
    await new Promise((resolve) => mute.once("connect", resolve))
    await close(60_000)
    await closed(mute)
  })
})
