import { once } from "node:events"
import { createServer } from "node:http"
import { connect } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { authentication, peerTrust, type Caller, type Trust } from "../../../src/authn/index.js"
import { PdpError } from "../../../src/errors.js"

const { authenticate } = authentication()

async function ask(headers: Readonly<Record<string, string>>, trust: Trust = "listed", headerPrefix?: string): Promise<Caller> {
  return authentication({ headerPrefix }).authenticate({ rawHeaders: Object.entries(headers).flat(), trust })
}

const ann = { "X-NMP-Principal-Id": "ann@example.com" }

describe("principal headers of a trusted peer", () => {
  it("name nobody when they are absent or blank, whatever else is sent", async () => {
    const nobody = { principal: { id: "" }, proof: "none", dropped: [] }
    expect(await ask({})).toEqual(nobody)
    expect(await ask({ "X-NMP-Principal-Id": "  ", "X-NMP-Principal-Groups": "ops", "X-NMP-Scopes": "" })).toEqual(nobody)
  })

  it("name a person", async () => {
    const headers = { "x-nmp-principal-id": " u-1 ", "X-NMP-PRINCIPAL-EMAIL": "ann@example.com", "X-NMP-Principal-Groups": "devs , ops,devs" }
    expect(await ask(headers)).toEqual({
      principal: { kind: "person", id: "u-1", email: "ann@example.com", groups: ["devs", "ops"] },
      proof: "principal_headers",
      dropped: [],
    })
  })

  it("take blank groups, e-mails and delegates for absent", async () => {
    const headers = { "X-NMP-Principal-Email": " ", "X-NMP-Principal-Groups": "", "X-NMP-Principal-On-Behalf-Of": " " }
    expect((await ask({ ...ann, ...headers })).principal).toEqual({ kind: "person", id: "ann@example.com" })
  })

  it("name a service, which may ask for a person", async () => {
    const headers = {
      "X-NMP-Principal-Id": "service:api/v2",
      "X-NMP-Principal-On-Behalf-Of": "u-1",
      "X-NMP-Principal-On-Behalf-Of-Email": "ann@example.com",
      "X-NMP-Principal-On-Behalf-Of-Groups": "devs",
    }
    expect((await ask(headers)).principal).toEqual({
      kind: "service",
      id: "api/v2",
      onBehalfOf: { id: "u-1", email: "ann@example.com", groups: ["devs"] },
    })
    const { "X-NMP-Principal-On-Behalf-Of": _, ...without } = headers
    expect((await ask(without)).principal).toEqual({ kind: "service", id: "api/v2" })
  })

  it.each([
    [undefined, undefined],
    ["", []],
    ["  ", []],
    ["*", undefined],
    ["a:read", ["a:read"]],
    [" a:read \t b:write  a:read ", ["a:read", "b:write"]],
    ["* a:read", ["*", "a:read"]],
  ])("with the scopes %j present %j", async (sent, scopes) => {
    const { principal } = await ask({ ...ann, ...(sent !== undefined && { "X-NMP-Scopes": sent }) })
    expect(principal.scopes).toEqual(scopes)
  })

  it("drop groups and e-mails that name something reserved", async () => {
    const headers = { "X-NMP-Principal-Email": "service:x@y", "X-NMP-Principal-Groups": "group:ops,service:api,devs" }
    const caller = await ask({ ...ann, ...headers })
    expect(caller.principal).toEqual({ kind: "person", id: "ann@example.com", groups: ["devs"] })
    expect(caller.dropped).toEqual(["service:x@y", "group:ops", "service:api"])
  })

  it.each([
    [{ "X-NMP-Principal-Id": "ann example" }, "X-NMP-Principal-Id"],
    [{ "X-NMP-Principal-Id": "ann%40example.com" }, "X-NMP-Principal-Id"],
    [{ "X-NMP-Principal-Id": "zo\u00eb" }, "X-NMP-Principal-Id"],
    [{ "X-NMP-Principal-Id": "*" }, "X-NMP-Principal-Id"],
    [{ "X-NMP-Principal-Id": "group:ops" }, "X-NMP-Principal-Groups"],
    [{ "X-NMP-Principal-Id": "service:" }, "service:<id>"],
    [{ "X-NMP-Principal-Id": "a,b" }, "X-NMP-Principal-Id"],
    [{ "X-NMP-Principal-Id": "a".repeat(257) }, "256"],
    [{ ...ann, "X-NMP-Principal-Email": "ann" }, "X-NMP-Principal-Email"],
    [{ ...ann, "X-NMP-Principal-Email": "a@x,b@y" }, "X-NMP-Principal-Email"],
    [{ ...ann, "X-NMP-Principal-Email": `${"a".repeat(320)}@x` }, "320"],
    [{ ...ann, "X-NMP-Principal-Groups": "devs," }, "X-NMP-Principal-Groups"],
    [{ ...ann, "X-NMP-Principal-Groups": "a b" }, "X-NMP-Principal-Groups"],
    [{ ...ann, "X-NMP-Scopes": "a:read,b:read" }, "commas"],
    [{ ...ann, "X-NMP-Scopes": 'a"b' }, "X-NMP-Scopes"],
    [{ "X-NMP-Principal-Id": "service:api", "X-NMP-Principal-On-Behalf-Of": "service:other" }, "persons"],
    [{ "X-NMP-Principal-Id": "service:api", "X-NMP-Principal-On-Behalf-Of": "a b" }, "X-NMP-Principal-On-Behalf-Of"],
    [{ "X-NMP-Principal-Id": "a", "x-nmp-principal-id": "a" }, "twice"],
    [{ ...ann, "X-NMP-Principal-Groups": "a", "x-nmp-principal-groups": "b" }, "twice"],
    [{ ...ann, "X-NMP-Scopes": "a", "X-Nmp-Scopes": "*" }, "twice"],
    [{ Authorization: "Bearer a.b.c", authorization: "Bearer d.e.f" }, "twice"],
  ])("are refused as %j", async (headers: Record<string, string>, named) => {
    await expect(ask(headers)).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", message: expect.stringContaining(named) })
  })

  it("name 100 groups at most, of the caller and of the delegate", async () => {
    const groups = (count: number) => Array.from({ length: count }, (_, at) => `g${at}`).join()
    expect((await ask({ ...ann, "X-NMP-Principal-Groups": groups(100) })).principal.groups).toHaveLength(100)
    const tooMany = { code: "ERR_INPUT_INVALID", reason: "too_many_groups" }
    await expect(ask({ ...ann, "X-NMP-Principal-Groups": groups(101) })).rejects.toMatchObject(tooMany)
    const delegated = { "X-NMP-Principal-Id": "service:a", "X-NMP-Principal-On-Behalf-Of": "b", "X-NMP-Principal-On-Behalf-Of-Groups": groups(101) }
    await expect(ask(delegated)).rejects.toMatchObject(tooMany)
  })
})

describe("principal headers of anybody else", () => {
  it("are refused when they are all there is", async () => {
    await expect(ask(ann, "none")).rejects.toMatchObject({ code: "ERR_UNAUTHENTICATED", reason: "principal_header_rejected" })
    expect(await ask({ "X-NMP-Principal-Groups": "ops" }, "none")).toMatchObject({ proof: "none", principal: { id: "" } })
  })
})

describe("another prefix", () => {
  const headers = {
    "X-Corp-Principal-Id": "service:api",
    "x-corp-principal-groups": "devs",
    "X-CORP-Principal-On-Behalf-Of": "ben",
    "X-Corp-Scopes": "a:read",
    "X-NMP-Principal-Id": "root@example.com",
    "X-NMP-Principal-Email": "root@example.com",
    X_NMP_Scopes: "*",
  }

  it("takes the place of X-NMP-, which then says nothing", async () => {
    expect((await ask(headers, "listed", "X-Corp-")).principal).toEqual({
      kind: "service",
      id: "api",
      groups: ["devs"],
      scopes: ["a:read"],
      onBehalfOf: { id: "ben" },
    })
    expect(await ask(ann, "listed", "X-Corp-")).toMatchObject({ proof: "none", principal: { id: "" } })
  })

  it("has twins of its own, and none of Authorization", async () => {
    await expect(ask({ "X-Corp-Principal_Id": "ann" }, "listed", "X-Corp-")).rejects.toMatchObject({ code: "ERR_INPUT_INVALID" })
    expect(await ask({ "X-Corp-Authorization": "Bearer a.b.c" }, "listed", "X-Corp-")).toMatchObject({ proof: "none" })
  })

  it("is what messages name", async () => {
    const refusedAs = (sent: Readonly<Record<string, string>>, named: string) =>
      expect(ask(sent, "listed", "X-Corp-")).rejects.toMatchObject({ message: expect.stringContaining(named) })
    await refusedAs({ "X-Corp-Principal-Id": "a b" }, "X-Corp-Principal-Id")
    await refusedAs({ "X-Corp-Principal-Id": "group:ops" }, "X-Corp-Principal-Groups")
    await refusedAs({ "X-Corp-Principal-Id": "a", "X-Corp-Scopes": "a,b" }, "X-Corp-Scopes")
  })

  it.each([
    "",
    "-",
    "X-NMP",
    "X_NMP-",
    "X NMP-",
    "-X-",
    "X-Ñ-",
    "X-A:-",
    "X-NMP-\n",
    `${"x".repeat(64)}-`,
    "X-Forwarded-",
    "x-forwarded-portcullis-",
  ])("is not %j", (prefix) => {
    expect(() => authentication({ headerPrefix: prefix })).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })

  it.each(["X-", "9-", "remote-", `${"x".repeat(63)}-`])("may be %j", async (prefix) => {
    expect((await ask({ [`${prefix}principal-id`]: "ann" }, "listed", prefix)).principal.id).toBe("ann")
  })
})

describe("odd headers", () => {
  const groups = (count: number) => Array.from({ length: count }, (_, at) => `g${at}`).join()
  const id = ["X-NMP-Principal-Id", "ann"] as const
  const utf8 = (text: string) => Buffer.from(text).toString("latin1")
  const many = Array.from({ length: 100 }, (_, at) => [`X-NMP-Principal-Id-${at}`, "root"]).flat()

  it.each<[string, readonly string[], string]>([
    ["an id twice", [...id, ...id], "ERR_INPUT_INVALID"],
    ["an id twice, in two cases", [...id, "x-nmp-principal-id", "root"], "ERR_INPUT_INVALID"],
    ["an id twice, the second empty", [...id, "X-NMP-PRINCIPAL-ID", ""], "ERR_INPUT_INVALID"],
    ["an id twice, the first empty", ["X-NMP-Principal-Id", "", ...id], "ERR_INPUT_INVALID"],
    ["an e-mail twice", [...id, "X-NMP-Principal-Email", "a@x.example", "X-NMP-Principal-Email", "a@x.example"], "ERR_INPUT_INVALID"],
    ["groups twice", [...id, "X-NMP-Principal-Groups", "a", "X-NMP-Principal-Groups", "b"], "ERR_INPUT_INVALID"],
    ["a delegate twice", [...id, "X-NMP-Principal-On-Behalf-Of", "a", "X-NMP-Principal-On-Behalf-Of", "b"], "ERR_INPUT_INVALID"],
    ["scopes twice", [...id, "X-NMP-Scopes", "a", "X-NMP-Scopes", "*"], "ERR_INPUT_INVALID"],
    ["Authorization twice", ["Authorization", "Bearer a.b.c", "AUTHORIZATION", "Bearer a.b.c"], "ERR_INPUT_INVALID"],
    ["Authorization twice, one empty", ["Authorization", "", "Authorization", "Bearer a.b.c"], "ERR_INPUT_INVALID"],
    ["two tokens joined by a comma", ["Authorization", "Bearer a.b.c, Bearer d.e.f"], "token_malformed"],
    ["Authorization without a token", ["Authorization", ""], "token_malformed"],
    ["a token with a no-break space behind it", ["Authorization", "Bearer a.b.c\xa0"], "token_malformed"],
    ["a token behind a control character", ["Authorization", "\x85Bearer a.b.c"], "token_malformed"],
    ["an id with underscores", ["X_NMP_Principal_Id", "ann"], "ERR_INPUT_INVALID"],
    ["an id with underscores, in lower case", ["x_nmp_principal_id", "ann"], "ERR_INPUT_INVALID"],
    ["an id with one underscore", ["X-NMP-Principal_Id", "ann"], "ERR_INPUT_INVALID"],
    ["an id with an underscore in the prefix", ["X_NMP-Principal-Id", "ann"], "ERR_INPUT_INVALID"],
    ["an empty id with underscores", ["X_NMP_Principal_Id", ""], "ERR_INPUT_INVALID"],
    ["an underscore twin beside the id", [...id, "X_NMP_Principal_Id", "ann"], "ERR_INPUT_INVALID"],
    ["an underscore twin of the groups", [...id, "X_NMP_Principal_Groups", "admins"], "ERR_INPUT_INVALID"],
    ["an underscore twin of the scopes", [...id, "X-NMP_Scopes", "*"], "ERR_INPUT_INVALID"],
    ["an underscore twin of a delegate's e-mail", [...id, "X-NMP-Principal-On-Behalf_Of-Email", "a@x.example"], "ERR_INPUT_INVALID"],
    ["two ids joined by a comma", ["X-NMP-Principal-Id", "ann, root"], "ERR_INPUT_INVALID"],
    ["two ids joined by a comma without a space", ["X-NMP-Principal-Id", "ann,root"], "ERR_INPUT_INVALID"],
    ["an id that ends in a comma", ["X-NMP-Principal-Id", "ann,"], "ERR_INPUT_INVALID"],
    ["two e-mails joined by a comma", [...id, "X-NMP-Principal-Email", "a@x.example,b@y.example"], "ERR_INPUT_INVALID"],
    ["an e-mail and a name joined by a comma", [...id, "X-NMP-Principal-Email", "a@x.example,b"], "ERR_INPUT_INVALID"],
    ["an e-mail behind a comma", [...id, "X-NMP-Principal-Email", ",a@x.example"], "ERR_INPUT_INVALID"],
    [
      "a delegate's e-mail with a comma",
      [...id, "X-NMP-Principal-On-Behalf-Of", "b", "X-NMP-Principal-On-Behalf-Of-Email", "b@x.example,c"],
      "ERR_INPUT_INVALID",
    ],
    ["a group list with an empty place", [...id, "X-NMP-Principal-Groups", "a,,b"], "ERR_INPUT_INVALID"],
    ["a group list of a comma", [...id, "X-NMP-Principal-Groups", ","], "ERR_INPUT_INVALID"],
    ["a group whose name holds a comma, quoted", [...id, "X-NMP-Principal-Groups", '"a,b"'], "ERR_INPUT_INVALID"],
    ["groups separated by semicolons", [...id, "X-NMP-Principal-Groups", "a;b"], "ERR_INPUT_INVALID"],
    ["101 groups", [...id, "X-NMP-Principal-Groups", groups(101)], "too_many_groups"],
    ["the same group 101 times", [...id, "X-NMP-Principal-Groups", Array(101).fill("a").join()], "too_many_groups"],
    ["101 empty groups", [...id, "X-NMP-Principal-Groups", ",".repeat(100)], "too_many_groups"],
    ["a group of 257 characters", [...id, "X-NMP-Principal-Groups", "a".repeat(257)], "ERR_INPUT_INVALID"],
    ["an id in UTF-8", ["X-NMP-Principal-Id", utf8("zoë")], "ERR_INPUT_INVALID"],
    ["an id in latin1", ["X-NMP-Principal-Id", "zo\xeb"], "ERR_INPUT_INVALID"],
    ["an id in no encoding", ["X-NMP-Principal-Id", "ann\xff\xfe"], "ERR_INPUT_INVALID"],
    ["an id behind a no-break space", ["X-NMP-Principal-Id", "\xa0ann"], "ERR_INPUT_INVALID"],
    ["an id with a byte order mark", ["X-NMP-Principal-Id", "\ufeffann"], "ERR_INPUT_INVALID"],
    ["an id with a zero", ["X-NMP-Principal-Id", "ann\0"], "ERR_INPUT_INVALID"],
    ["an id with a line end", ["X-NMP-Principal-Id", "ann\r\nX-NMP-Scopes: *"], "ERR_INPUT_INVALID"],
    ["an id that ends in a line end", ["X-NMP-Principal-Id", "ann\n"], "ERR_INPUT_INVALID"],
    ["an e-mail with a control character", [...id, "X-NMP-Principal-Email", "a@x.example\x9f"], "ERR_INPUT_INVALID"],
    ["an e-mail with a soft hyphen", [...id, "X-NMP-Principal-Email", "a\xad@x.example"], "ERR_INPUT_INVALID"],
    ["an id with a space inside", ["X-NMP-Principal-Id", "ann root"], "ERR_INPUT_INVALID"],
    ["an id with a tab inside", ["X-NMP-Principal-Id", "ann\troot"], "ERR_INPUT_INVALID"],
    ["an id that is escaped", ["X-NMP-Principal-Id", "service%3Aapi"], "ERR_INPUT_INVALID"],
    ["the id of everybody", ["X-NMP-Principal-Id", "*"], "ERR_INPUT_INVALID"],
    ["the id of the product", ["X-NMP-Principal-Id", "system:root"], "ERR_INPUT_INVALID"],
  ])("are refused: %s", async (_, rawHeaders, code) => {
    const refusal = await authenticate({ rawHeaders, trust: "listed" }).catch((thrown: unknown) => thrown)
    expect(refusal instanceof PdpError && (refusal.reason ?? refusal.code)).toBe(code)
  })

  it.each<[string, readonly string[]]>([
    ["100 headers that look like identity", [...many, ...id]],
    ["a name with something behind it", [...id, "X-NMP-Principal-Idx", "root", "X-NMP-Principal-Id-", "root"]],
    ["a name with something before it", [...id, "X-X-NMP-Principal-Id", "root", "Proxy-Authorization", "Basic YTpi"]],
    ["a name with hyphens to spare", [...id, "X-NMP--Principal-Id", "root", "X--NMP-Principal-Id", "root"]],
    ["a name in a script that looks alike", [...id, "X-NMP-Pr\u0456ncipal-Id", "root", "\u212a-NMP-Principal-Id", "root"]],
    ["names of objects", [...id, "__proto__", "root", "constructor", "root", "toString", "root"]],
    ["Connection that names the id", [...id, "Connection", "X-NMP-Principal-Id, close"]],
    ["spaces and tabs around the value", ["X-NMP-Principal-Id", " \t ann\t "]],
    ["X-NMP-Authorized and its twin, which prove nothing", [...id, "X-NMP-Authorized", "true", "X_NMP_Authorized", "true"]],
    ["a delegate's e-mail without a delegate", [...id, "X-NMP-Principal-On-Behalf-Of-Email", "nonsense"]],
    ["a name without a value at the end", [...id, "X-NMP-Principal-Groups"]],
  ])("change nothing: %s", async (_, rawHeaders) => {
    expect(await authenticate({ rawHeaders, trust: "listed" })).toEqual({
      principal: { kind: "person", id: "ann" },
      proof: "principal_headers",
      dropped: [],
    })
  })

  it.each<[string, readonly string[], string, string]>([
    ["a peer elsewhere", [...id], "10.0.0.1", "principal_header_rejected"],
    ["a peer whose address cannot be seen", [...id], "", "principal_header_rejected"],
    ["a peer elsewhere that claims to be here", [...id, "X-Real-IP", "127.0.0.1", "Host", "localhost"], "10.0.0.1", "principal_header_rejected"],
    ["a proxy here", [...id, "X-Forwarded-For", "127.0.0.1"], "127.0.0.1", "principal_header_rejected"],
    ["a chain of proxies", [...id, "X-Forwarded-For", "127.0.0.1, 10.0.0.1", "X-Forwarded-For", "127.0.0.1"], "::1", "principal_header_rejected"],
    ["a proxy that names itself otherwise", [...id, "Via", "1.1 127.0.0.1"], "::ffff:127.0.0.1", "principal_header_rejected"],
    ["a proxy that says nothing", [...id, "forwarded", ""], "127.0.0.1", "principal_header_rejected"],
    [
      "a proxy that is asked to leave it out",
      [...id, "X-Forwarded-Proto", "http", "Connection", "X-Forwarded-Proto"],
      "127.0.0.1",
      "principal_header_rejected",
    ],
    ["this machine", [...id], "127.0.0.1", "ann"],
    ["a listed proxy", [...id, "X-Forwarded-For", "203.0.113.9"], "10.9.9.9", "ann"],
  ])("of %s", async (_, rawHeaders, remoteAddress, expected) => {
    const headers = Object.fromEntries(rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1]]] : [])))
    const trust = peerTrust({ trustedPeers: ["loopback", "10.9.9.9"] })({ rawHeaders, headers, socket: { remoteAddress } })
    const answer = await authenticate({ rawHeaders, trust }).then(
      ({ principal }) => principal.id,
      (thrown: unknown) => thrown instanceof PdpError && thrown.reason,
    )
    expect(answer).toBe(expected)
  })

  it.each<[string, string, string]>([
    ["bytes that are no UTF-8", "X-NMP-Principal-Id: ann\xc3\x28", "ERR_INPUT_INVALID"],
    ["a C1 control character", "X-NMP-Principal-Id: ann\x85", "ERR_INPUT_INVALID"],
    ["two spellings", "X-NMP-Principal-Id: ann\r\nx-nmp-principal-id: root", "ERR_INPUT_INVALID"],
    ["an underscore twin", "x_nmp_principal_id: ann", "ERR_INPUT_INVALID"],
    ["two of Authorization, of which Node shows one", "Authorization: Bearer a.b.c\r\nAuthorization: Bearer d.e.f", "ERR_INPUT_INVALID"],
    ["a folded value", "X-NMP-Principal-Id: ann\r\n root", "400"],
    ["a space before the colon", "X-NMP-Principal-Id : ann", "400"],
    ["a zero", "X-NMP-Principal-Id: ann\0", "400"],
    ["spaces around", "X-NMP-Principal-Id: \t ann \t", "ann"],
    ["a chain of proxies", "X-NMP-Principal-Id: ann\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: ::1", "principal_header_rejected"],
  ])("over the wire: %s", async (_, sent, expected) => {
    expect(await answerToBytes(sent)).toBe(expected)
  })
})

/** @param headers lines, each character a byte @returns the id, why it is refused, or the status of Node's own refusal */
async function answerToBytes(headers: string): Promise<string> {
  const trustOf = peerTrust({ localByDefault: true })
  const server = createServer((incoming, outgoing) => {
    void authenticate({ rawHeaders: incoming.rawHeaders, trust: trustOf(incoming) }).then(
      ({ principal }) => outgoing.end(principal.id),
      (thrown: unknown) => outgoing.end(thrown instanceof PdpError ? (thrown.reason ?? thrown.code) : "internal"),
    )
  }).listen(0, "127.0.0.1")
  onTestFinished(() => void server.close())
  await once(server, "listening")
  const address = server.address()
  const socket = connect(typeof address === "object" && address ? address.port : 0, "127.0.0.1")
  socket.write(Buffer.from(`GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n\r\n`, "latin1"))
  let answer = ""
  for await (const chunk of socket) answer += String(chunk)
  return answer.startsWith("HTTP/1.1 200") ? bodyOf(answer) : answer.slice("HTTP/1.1 ".length, "HTTP/1.1 400".length)
}

function bodyOf(answer: string): string {
  const body = answer.slice(answer.indexOf("\r\n\r\n") + 4)
  return /^[0-9a-f]+\r\n(.*)\r\n0\r\n/.exec(body)?.[1] ?? body
}
