import { once } from "node:events"
import { createServer as createPlainServer, request as requestPlain, type IncomingMessage, type RequestListener } from "node:http"
import { createServer as createTlsServer, request as requestTls } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { mkdtemp, rm } from "node:fs/promises"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { isForwarded, peers, peerTrust, type PeerRequest, type PeerSocket, type Trust } from "../../../src/authn/peer.js"
import { certificateNames } from "../../../src/authn/certificate-names.js"
import { certificateAuthority } from "../../fixtures/certificates.js"

const secretHeader = "X-Portcullis-Peer-Secret"
const secret = "correct horse battery"

/** @param headers names and values in turn, which Node joins by name */
function from(socket: PeerSocket, headers: readonly string[] = [], isUnix?: boolean): PeerRequest {
  const byName: Record<string, string> = {}
  for (let at = 0; at < headers.length; at += 2) {
    const name = (headers[at] ?? "").toLowerCase()
    byName[name] = [...(byName[name] === undefined ? [] : [byName[name]]), headers[at + 1]].join(", ")
  }
  return { rawHeaders: headers, headers: byName, socket, ...(isUnix !== undefined && { isUnix }) }
}

const peer = (remoteAddress: string, ...headers: readonly string[]) => from({ remoteAddress }, headers)
const forwarded = ["X-Forwarded-For", "10.1.1.1"] as const
const unixPeer = (...headers: readonly string[]) => from({ remoteAddress: undefined }, headers, true)
const gone = from({ remoteAddress: undefined })

describe("without trusted_peers", () => {
  it.each<[PeerRequest, Trust]>([
    [peer("127.0.0.1"), "local"],
    [peer("127.8.9.1"), "local"],
    [peer("::1"), "local"],
    [peer("::ffff:127.0.0.1"), "local"],
    [peer("::FFFF:127.0.0.1"), "local"],
    [unixPeer(), "local"],
    [peer("127.0.0.1", ...forwarded), "none"],
    [unixPeer("Via", "1.1 proxy"), "none"],
    [gone, "none"],
    [peer("10.0.0.1"), "none"],
    [peer("::ffff:10.0.0.1"), "none"],
    [peer("::2"), "none"],
    [peer("localhost.example"), "none"],
    [peer(""), "none"],
    [from({ remoteAddress: "10.0.0.1" }, [], true), "none"],
  ])("on a server for this machine, peer %# is believed as far as due", (request, trust) => {
    expect(peerTrust({ localByDefault: true })(request)).toBe(trust)
  })

  it("nobody is believed on a server for others", () => {
    const trust = peerTrust({})
    expect([peer("127.0.0.1"), unixPeer(), gone].map(trust)).toEqual(["none", "none", "none"])
  })

  it("an empty list is a list: not even this machine is on it", () => {
    expect(peerTrust({ trustedPeers: [], localByDefault: true })(peer("127.0.0.1"))).toBe("none")
  })
})

describe("trusted_peers", () => {
  it.each<[string, PeerRequest, Trust]>([
    ["loopback", peer("127.0.0.1"), "listed"],
    ["loopback", peer("::1"), "listed"],
    ["loopback", peer("127.0.0.1", ...forwarded), "none"],
    ["loopback", unixPeer(), "none"],
    ["loopback", gone, "none"],
    ["unix", unixPeer(), "listed"],
    ["unix", unixPeer(...forwarded), "none"],
    ["unix", peer("127.0.0.1"), "none"],
    ["unix", gone, "none"],
    ["127.0.0.1", peer("127.0.0.1", ...forwarded), "listed"],
    ["127.0.0.1", peer("127.0.0.2"), "none"],
    ["10.0.0.1", peer("10.0.0.1"), "listed"],
    ["10.0.0.1", peer("::ffff:10.0.0.1"), "listed"],
    ["::ffff:10.0.0.1", peer("10.0.0.1"), "listed"],
    ["::ffff:a00:1", peer("10.0.0.1"), "listed"],
    ["10.0.0.1", peer("10.0.0.10"), "none"],
    ["10.0.0.0/8", peer("10.255.0.1", ...forwarded), "listed"],
    ["10.0.0.0/8", peer("11.0.0.1"), "none"],
    ["10.0.0.0/8", gone, "none"],
    ["10.1.2.3/31", peer("10.1.2.2"), "listed"],
    ["10.1.2.3/32", peer("10.1.2.2"), "none"],
    ["::ffff:10.0.0.0/104", peer("10.9.9.9"), "listed"],
    ["::ffff:10.0.0.0/104", peer("11.9.9.9"), "none"],
    ["2001:DB8:0::1", peer("2001:db8::1"), "listed"],
    ["2001:db8::/33", peer("2001:db8:7fff::1"), "listed"],
    ["2001:db8::/33", peer("2001:db8:8000::1"), "none"],
    ["fe80::/10", peer("fe80::1%eth0"), "listed"],
    ["fe80::1", peer("fe80::1%eth0"), "listed"],
    ["::/64", peer("10.0.0.1"), "none"],
    ["::/64", peer("::ffff:10.0.0.1"), "none"],
    ["10.0.0.0/8", peer("::a00:1"), "none"],
  ])("%s says of peer %# what is due", (entry, request, trust) => {
    expect(peerTrust({ trustedPeers: [entry], localByDefault: true })(request)).toBe(trust)
  })

  it("takes 20,000 entries, and looks at them once per connection", () => {
    const many = Array.from({ length: 20_000 }, (_, at) => `10.${at >> 8}.${at & 255}.0/24`)
    const trust = peerTrust({ trustedPeers: many })
    const address = vi.fn(() => "10.70.1.1")
    const socket = {
      get remoteAddress() {
        return address()
      },
    }
    const requests = Array.from({ length: 1_000 }, () => from(socket))
    expect(new Set(requests.map(trust))).toEqual(new Set(["listed"]))
    expect(address).toHaveBeenCalledTimes(1)
  })

  it.each([
    ["lopback", "'loopback'"],
    ["Loopback", "'loopback'"],
    [" loopback", "'loopback'"],
    ["certificat", "'certificate'"],
    ["Unix", "'unix'"],
    ["certificate:", "'certificate'"],
    ["", "''"],
    ["localhost", "names are not looked up"],
    ["gateway.example", "'gateway.example'"],
    ["*", "'*'"],
    ["10.0.0", "'10.0.0'"],
    ["010.0.0.1", "'010.0.0.1'"],
    ["10.0.0.1:80", "'10.0.0.1:80'"],
    ["[::1]", "'[::1]'"],
    ["10.0.0.0/33", "'10.0.0.0/33'"],
    ["10.0.0.0/", "'10.0.0.0/'"],
    ["10.0.0.0/8/8", "'10.0.0.0/8/8'"],
    ["10.0.0.0/-1", "'10.0.0.0/-1'"],
    ["10.0.0.0/255.0.0.0", "'10.0.0.0/255.0.0.0'"],
    ["::/129", "'::/129'"],
    ["::ffff:10.0.0.0/95", "'::ffff:10.0.0.0/95'"],
    ["fe80::1%eth0", "'fe80::1%eth0'"],
    ["0.0.0.0/0", "everybody"],
    ["::/0", "everybody"],
    ["::ffff:0.0.0.0/96", "everybody"],
  ])("refuses %j", (entry, named) => {
    expect(() => peerTrust({ trustedPeers: ["10.0.0.1", entry] })).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG_INVALID", message: expect.stringContaining(named) }),
    )
  })
})

describe("a peer secret", () => {
  const trust = peerTrust({ trustedPeers: [], secrets: () => ["an older secret that still holds", secret, "short"] })

  it.each<[string, readonly string[], Trust]>([
    ["the newer one", [secretHeader, secret], "listed"],
    ["the older one", [secretHeader, "an older secret that still holds"], "listed"],
    ["in another case of the header's name", [secretHeader.toUpperCase(), secret], "listed"],
    ["through a proxy", [secretHeader, secret, ...forwarded], "listed"],
    ["wrong", [secretHeader, "wrong horse battery"], "none"],
    ["in another case", [secretHeader, secret.toUpperCase()], "none"],
    ["cut short", [secretHeader, secret.slice(0, -1)], "none"],
    ["too long", [secretHeader, `${secret}x`], "none"],
    ["empty", [secretHeader, ""], "none"],
    ["one that is too short to count", [secretHeader, "short"], "none"],
    ["twice", [secretHeader, secret, secretHeader, secret], "none"],
    ["twice, the right one first", [secretHeader, secret, "x-portcullis-peer-secret", "x"], "none"],
    ["twice, the right one last", [secretHeader, "x", secretHeader, secret], "none"],
    ["both in one", [secretHeader, `${secret}, ${secret}`], "none"],
    ["in an underscore twin", ["X_Portcullis_Peer_Secret", secret], "none"],
    ["as a value of another header", ["X-Other", secretHeader, "Y", secret], "none"],
    ["not at all", [], "none"],
  ])("sent as %s is believed as far as due", (_, headers, expected) => {
    expect(trust(peer("10.0.0.1", ...headers))).toBe(expected)
  })

  it("counts beside other proofs, and takes none away, unless it comes twice", () => {
    const local = peerTrust({ localByDefault: true, secrets: () => [secret] })
    expect(local(peer("127.0.0.1", secretHeader, secret))).toBe("listed")
    expect(local(peer("127.0.0.1", secretHeader, "wrong horse battery"))).toBe("local")
    expect(local(peer("127.0.0.1", secretHeader, secret, secretHeader, "x"))).toBe("none")
  })

  it("that came with one request says nothing about the next on the same connection", () => {
    const socket = { remoteAddress: "10.0.0.1" }
    expect([from(socket, [secretHeader, secret]), from(socket)].map(trust)).toEqual(["listed", "none"])
  })

  it("changes without a new start, and is asked for only when the header comes", () => {
    const secrets = vi.fn(() => [secret])
    const rotating = peerTrust({ secrets })
    expect(rotating(peer("10.0.0.1"))).toBe("none")
    expect(secrets).not.toHaveBeenCalled()
    expect(rotating(peer("10.0.0.1", secretHeader, secret))).toBe("listed")
    secrets.mockReturnValue(["quite another secret"])
    expect(rotating(peer("10.0.0.1", secretHeader, secret))).toBe("none")
  })

  it("matches nothing while there is none", () => {
    expect(peerTrust({})(peer("10.0.0.1", secretHeader, ""))).toBe("none")
    expect(peerTrust({ secrets: () => [""] })(peer("10.0.0.1", secretHeader, ""))).toBe("none")
  })

  it("may hold more than ASCII, which comes as bytes", () => {
    const open = peerTrust({ secrets: () => ["geheime Schlüsselwörter"] })
    expect(open(peer("10.0.0.1", secretHeader, Buffer.from("geheime Schlüsselwörter").toString("latin1")))).toBe("listed")
  })

  it("that cannot be had makes the request fail", () => {
    const broken = peerTrust({
      secrets: () => {
        throw new Error("unreadable")
      },
    })
    expect(() => broken(peer("10.0.0.1", secretHeader, secret))).toThrow("unreadable")
  })
})

describe("what proves a peer", () => {
  const authorized: PeerSocket = {
    remoteAddress: "10.0.0.1",
    authorized: true,
    getPeerCertificate: () => ({ subject: { CN: "gateway" }, valid_from: "Jan  1 00:00:00 2020 GMT", valid_to: "Dec 31 23:59:59 2099 GMT" }),
  }
  const options = { trustedPeers: ["loopback", "unix", "10.0.0.0/8", "certificate:gateway"], secrets: () => [secret], localByDefault: true }
  const { proofOf, trustOf } = peers(options)

  it.each<[string, PeerRequest, string | undefined]>([
    ["a secret", peer("192.0.2.1", secretHeader, secret), "secret"],
    ["a secret through a proxy", peer("127.0.0.1", secretHeader, secret, ...forwarded), "secret"],
    ["a secret that comes twice", peer("127.0.0.1", secretHeader, secret, secretHeader, secret), undefined],
    ["a certificate", from(authorized), "certificate"],
    ["a certificate through a proxy", from(authorized, forwarded), "certificate"],
    ["a certificate beside a wrong secret", from(authorized, [secretHeader, "wrong horse battery"]), "certificate"],
    ["a certificate beside two secrets", from(authorized, [secretHeader, secret, secretHeader, secret]), undefined],
    ["a certificate of no known CA", from({ ...authorized, authorized: false }), undefined],
    ["this machine", peer("127.0.0.1"), undefined],
    ["a UNIX domain socket", unixPeer(), undefined],
    ["a listed address", peer("10.0.0.1"), undefined],
    ["a wrong secret", peer("10.0.0.1", secretHeader, "wrong horse battery"), undefined],
  ])("%s", (_what, request, proof) => {
    expect(proofOf(request)).toBe(proof)
    if (proof !== undefined) expect(trustOf(request)).toBe("listed")
  })

  it("is no certificate that is not listed, or whose time is over", () => {
    expect(peers({ trustedPeers: ["certificate:other"] }).proofOf(from(authorized))).toBeUndefined()
    expect(peers({ ...options, now: () => Date.parse("2100-01-01T00:00:00Z") }).proofOf(from({ ...authorized }))).toBeUndefined()
    expect(peers({ ...options, isOutdated: () => true }).proofOf(from({ ...authorized }))).toBeUndefined()
  })
})

describe("a client certificate", () => {
  const certificate = {
    subject: { CN: "gateway" },
    valid_from: "Jan  1 00:00:00 2020 GMT",
    valid_to: "Dec 31 23:59:59 2099 GMT",
    subjectaltname: 'DNS:a.example, URI:spiffe://mesh/gateway, email:ops@example.com, IP Address:10.0.0.1, URI:"urn:x, DNS:forged.example"',
  }
  const socket = (authorized: boolean, held: object = certificate): PeerSocket => ({
    remoteAddress: "10.0.0.1",
    authorized,
    getPeerCertificate: () => held,
  })

  it.each<[string, Trust]>([
    ["certificate", "listed"],
    ["certificate:gateway", "listed"],
    ["certificate:a.example", "listed"],
    ["certificate:spiffe://mesh/gateway", "listed"],
    ["certificate:ops@example.com", "listed"],
    ["certificate:urn:x, DNS:forged.example", "listed"],
    ["certificate:forged.example", "none"],
    ["certificate:10.0.0.1", "none"],
    ["certificate:Gateway", "none"],
    ["certificate:*.example", "none"],
    ["certificate:mesh", "none"],
    ["loopback", "none"],
  ])("is listed by %s: %s", (entry, trust) => {
    const ask = peerTrust({ trustedPeers: [entry] })
    expect(ask(from(socket(true)))).toBe(trust)
    expect(ask(from(socket(true), forwarded))).toBe(trust)
    expect(ask(from(socket(false)))).toBe("none")
  })

  it("counts while it is valid, also later on a connection that began before", () => {
    let now = Date.parse("2019-12-31T23:59:59Z")
    const trust = peerTrust({ trustedPeers: ["certificate"], now: () => now })
    const held = socket(true)
    expect(trust(from(held))).toBe("none")
    now = Date.parse("2020-01-01T00:00:00Z")
    expect(trust(from(held))).toBe("listed")
    now = Date.parse("2100-01-01T00:00:00Z")
    expect(trust(from(held))).toBe("none")
    for (const time of [{ valid_to: undefined }, { valid_from: "yesterday" }])
      expect(peerTrust({ trustedPeers: ["certificate"] })(from(socket(true, { ...certificate, ...time })))).toBe("none")
  })

  it("counts no longer once its connection is outdated, while the address still does", () => {
    const outdated = new Set<PeerSocket>()
    const isOutdated = (one: PeerSocket): boolean => outdated.has(one)
    const [byCertificate, byAddress] = ["certificate", "10.0.0.1"].map((entry) => peerTrust({ trustedPeers: [entry], isOutdated }))
    const held = socket(true)
    expect([byCertificate?.(from(held)), byAddress?.(from(held))]).toEqual(["listed", "listed"])
    outdated.add(held)
    expect([byCertificate?.(from(held)), byAddress?.(from(held))]).toEqual(["none", "listed"])
  })

  it("is none when the peer has none, although TLS is content", () => {
    const trust = peerTrust({ trustedPeers: ["certificate", "certificate:gateway"] })
    expect(trust(from(socket(true, {})))).toBe("none")
    expect(trust(from({ remoteAddress: "10.0.0.1", authorized: true }))).toBe("none")
    expect(trust(peer("10.0.0.1"))).toBe("none")
  })

  it("with several common names has none that counts, and no names at all when they cannot be read", () => {
    expect(certificateNames({ subject: { CN: ["a", "b"] } })).toEqual([])
    expect(certificateNames({ subject: { CN: "a" }, subjectaltname: 'DNS:b, URI:"open' })).toEqual(["a"])
    expect(certificateNames({ subject: {}, subjectaltname: "nonsense" })).toEqual([])
    expect(certificateNames({ subject: {}, subjectaltname: 'URI:"a\\"b, c", DNS:d' })).toEqual(['a"b, c', "d"])
  })
})

describe("over real connections", () => {
  it("a UNIX domain socket counts when the server says that it listens there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "peer-"))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, "sidecar.sock")
    const trust = peerTrust({ localByDefault: true })
    const ask = ({ rawHeaders, headers, socket }: IncomingMessage, isUnix: boolean) => trust({ rawHeaders, headers, socket, isUnix })
    const server = createPlainServer(answering((incoming) => [ask(incoming, true), ask(incoming, false)])).listen(path)
    onTestFinished(() => void server.close())
    await once(server, "listening")
    expect(await answerTo(requestPlain({ socketPath: path, agent: false }))).toEqual(["local", "none"])
    expect(await answerTo(requestPlain({ socketPath: path, agent: false, headers: { Via: "1.1 proxy" } }))).toEqual(["none", "none"])
  })

  it("a client certificate counts when the right authority signed it", async () => {
    const [authority, stranger] = await Promise.all([certificateAuthority(), certificateAuthority()])
    const own = await authority.issue({ subject: "CN=localhost", alternativeNames: [{ type: "dns", value: "localhost" }] })
    const trusts = ["certificate", "certificate:gateway", "certificate:spiffe://mesh/gateway"].map((entry) => peerTrust({ trustedPeers: [entry] }))
    const server = createTlsServer(
      { ...own, ca: authority.cert, requestCert: true, rejectUnauthorized: false },
      answering((incoming) => trusts.map((trust) => trust(incoming))),
    ).listen(0, "127.0.0.1")
    onTestFinished(() => void server.close())
    await once(server, "listening")
    const address = server.address()
    const port = typeof address === "object" && address ? address.port : 0
    const ask = (client: object) =>
      answerTo(requestTls({ host: "127.0.0.1", servername: "localhost", port, ca: authority.cert, agent: false, ...client }))

    const workload = { alternativeNames: [{ type: "url", value: "spiffe://mesh/gateway" }] } as const
    expect(await ask(await authority.issue({ subject: "CN=gateway", ...workload }))).toEqual(["listed", "listed", "listed"])
    expect(await ask(await authority.issue(workload))).toEqual(["listed", "none", "listed"])
    expect(await ask(await authority.issue({ subject: "CN=other" }))).toEqual(["listed", "none", "none"])
    expect(await ask(await stranger.issue({ subject: "CN=gateway", ...workload }))).toEqual(["none", "none", "none"])
    expect(await ask({})).toEqual(["none", "none", "none"])
  })
})

describe("a forwarded request", () => {
  it.each([
    ...["x-forwarded-for", "x-forwarded-host", "x-forwarded-", "x-forwarded", "forwarded", "forwarded-for", "via", "x-real-ip"],
    ...["x-original-forwarded-for", "x-envoy-external-address", "cf-connecting-ip", "true-client-ip"],
  ])("has %s, even empty", (name) => {
    expect(isForwarded({ headers: { host: "a", [name]: "" } })).toBe(true)
  })

  it.each(["x-real", "connection", "client-ip", "viaduct"])("is not one with %s", (name) => {
    expect(isForwarded({ headers: { [name]: "x-forwarded-for" } })).toBe(false)
  })
})

function answering(answer: (incoming: IncomingMessage) => unknown): RequestListener {
  return (incoming, outgoing) => void outgoing.end(JSON.stringify(answer(incoming)))
}

async function answerTo(request: ReturnType<typeof requestPlain>): Promise<unknown> {
  const answered = once(request.end(), "response")
  const [response] = await answered
  let text = ""
  for await (const chunk of response) text += String(chunk)
  return JSON.parse(text)
}
