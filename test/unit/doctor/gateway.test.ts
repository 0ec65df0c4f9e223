import { describe, expect, it } from "vitest"
import { failed, passed, unchecked } from "../../../src/doctor/finding.js"
import { isProven, warned } from "../../../src/doctor/gateway/gateway-finding.js"
import { gatewayKinds, kindOf } from "../../../src/doctor/gateway/gateway-kind.js"
import { isClosedInOutage, outcomeOf, type Outcome } from "../../../src/doctor/gateway/outcome.js"
import { detours, pathVariants } from "../../../src/doctor/gateway/path-variants.js"
import { mostAtOnce, mostRequests, probing } from "../../../src/doctor/gateway/probing.js"
import { said } from "../../../src/doctor/gateway/question.js"
import { answerReader, mostHeadBytes, mostInterim, type AnswerSoFar } from "../../../src/doctor/gateway/answer-reader.js"
import { mostBodyBytes } from "../../../src/doctor/gateway/body-reader.js"
import type { RawAnswer } from "../../../src/doctor/gateway/raw-answer.js"
import type { RawReply } from "../../../src/doctor/gateway/raw-client.js"
import { requestBytes, type RawRequest } from "../../../src/doctor/gateway/raw-request.js"
import { otherSpelling } from "../../../src/doctor/gateway/redirection.js"
import { remedyFor } from "../../../src/doctor/gateway/remedies.js"
import { identityChanges, identityIn } from "../../../src/doctor/gateway/upstream-view.js"

describe("a raw request", () => {
  it("goes out as it is written", () => {
    const bytes = requestBytes({
      method: "get",
      target: "//a/../b\u00ff",
      headers: [
        ["X_A ", "1"],
        ["x_a", ""],
      ],
    })
    expect(bytes.toString("latin1")).toBe("get //a/../b\u00ff HTTP/1.1\r\nX_A : 1\r\nx_a: \r\n\r\n")
  })

  it.each([
    { method: "GET", target: "/a\r\nX: y", headers: [] },
    { method: "GET", target: "/", headers: [["X", "a\nb"]] },
    { method: "GET", target: "/", headers: [["X\r", "a"]] },
    { method: "GET", target: "/", headers: [["X", "a\u010ab"]] },
  ] satisfies readonly RawRequest[])("never makes two requests of one: %j", (request) => {
    expect(() => requestBytes(request)).toThrow(TypeError)
  })
})

describe("a raw answer", () => {
  const read = (text: string, pieceSize = Infinity): AnswerSoFar => {
    const reader = answerReader(false)
    let soFar: AnswerSoFar = "incomplete"
    for (let at = 0; at < text.length; at += pieceSize) soFar = reader.read(Buffer.from(text.slice(at, at + pieceSize)))
    return soFar
  }
  const ended = (text: string, toHead = false): AnswerSoFar => {
    const reader = answerReader(toHead)
    reader.read(Buffer.from(text))
    return reader.end()
  }
  const answer = (status: number, body: string): unknown => expect.objectContaining({ status, body })

  it.each<[string, unknown]>([
    ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", answer(200, "ok")],
    ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500", answer(200, "ok")],
    ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "incomplete"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 10, 10\r\n\r\n0123456789", "incomplete"],
    ["HTTP/1.1 200\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nok\r\n1\r\n!\r\n0\r\n\r\n", answer(200, "ok!")],
    ["HTTP/1.1 200\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n5\r\nab", "incomplete"],
    ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: a\r\n\r\nHTTP/1.0 403 No\r\nContent-Length: 0\r\n\r\n", answer(403, "")],
    ["HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nframes", answer(101, "")],
    ["HTTP/1.1 204 No Content\r\n\r\n", answer(204, "")],
    ["HTTP/1.1 200 OK\r\n\r\nas long as it", "incomplete"],
    ["HTTP/1.1 200 O", "incomplete"],
    ["HT", "incomplete"],
    ["220 mail", "unreadable"],
    ["HTTP/1.1 20 OK\r\n\r\n", "unreadable"],
    ["HTTP/2 200\r\n\r\n", "unreadable"],
    ["HTTP/1.1 100 C\r\n\r\n".repeat(mostInterim + 1), "unreadable"],
    [`HTTP/1.1 200 OK\r\nX: ${"x".repeat(mostHeadBytes)}`, "unreadable"],
  ])("is read as far as it goes, in one piece or byte by byte: %.60j", (text, due) => {
    expect(read(text)).toEqual(due)
    if (text.length < 1_000) expect(read(text, 1)).toEqual(due)
  })

  it.each(["-6\r\nabc", "0x2\r\nok", " 2\r\nok", "123456789\r\nok", "2\nok", "\r\n", "x".repeat(2_000)])(
    "ends with a chunk that has no right length, and its head stands: %.20j",
    (chunk) => {
      expect(read(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n${chunk}`)).toEqual(answer(200, "a"))
    },
  )

  it("is not read for ever, however many 1xx answers and chunks come", () => {
    expect(read("HTTP/1.1 100 C\r\n\r\n".repeat(60_000), 64 * 1024)).toBe("unreadable")
    expect(
      read(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${`1000\r\n${"x".repeat(4096)}\r\n`.repeat(mostBodyBytes / 4096 + 1)}`, 64 * 1024),
    ).toEqual(answer(200, "x".repeat(mostBodyBytes)))
  })

  it("has no body when it answers HEAD, and is what its head says when it ends early", () => {
    expect(ended("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true)).toEqual(answer(200, ""))
    expect(ended("HTTP/1.1 200 OK\r\n\r\nall")).toEqual(answer(200, "all"))
    expect(ended("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall")).toEqual(answer(200, "all"))
    expect(ended("HTTP/1.1 200 OK")).toBe("unreadable")
  })
})

describe("probing", () => {
  const origin = new URL("http://127.0.0.1:8080")
  const usual = { origin, token: "h.c.sig", headerPrefix: "X-NMP-", marker: "m" }

  it("sends so many requests and no more, and so many at a time", async () => {
    let now = 0
    let most = 0
    let sent = 0
    const send = async (): Promise<RawAnswer> => {
      most = Math.max(most, ++now)
      sent++
      await Promise.resolve()
      now--
      return { status: 200, headers: [], body: "" }
    }
    const { ask } = probing({ ...usual, send })
    const replies = await Promise.all(Array.from({ length: mostRequests + 5 }, () => ask({ as: [], target: "/" })))
    expect([sent, most]).toEqual([mostRequests, mostAtOnce])
    expect(replies.filter((reply) => "lost" in reply && reply.lost === "unsent")).toHaveLength(5)
  })

  it("sends a bad token that says who asks and proves nothing, and lines in the order that is asked for", async () => {
    const requests: RawRequest[] = []
    const send = async (request: RawRequest): Promise<RawAnswer> => {
      requests.push(request)
      return { status: 200, headers: [], body: "" }
    }
    const { ask } = probing({ ...usual, send })
    await ask({ as: ["token", "bad token"], target: "/", headers: [["X-A", "b"]] })
    const lines = requests[0]?.headers.filter(([name]) => name === "Authorization" || name === "X-A")
    expect(lines).toEqual([
      ["Authorization", "Bearer h.c.sig"],
      ["Authorization", "Bearer h.c.gis"],
      ["X-A", "b"],
    ])
  })
})

it("a header of a question stands in the place of one that every request has", async () => {
  const requests: RawRequest[] = []
  const send = async (request: RawRequest): Promise<RawAnswer> => {
    requests.push(request)
    return { status: 200, headers: [], body: "" }
  }
  const { ask } = probing({ origin: new URL("http://127.0.0.1:8080"), headerPrefix: "X-NMP-", marker: "m", send })
  await ask({ as: [], target: "/", headers: [["Host", ""]] })
  expect(requests[0]?.headers.filter(([name]) => name === "Host")).toEqual([["Host", ""]])
  expect(await ask({ as: [], target: "/", isOverHttp2: true })).toMatchObject({ lost: "unspoken" })
})

describe("other spellings of a path", () => {
  it.each(["/a", "/a/b", "/a/b/", "/apis/models/v2?x=/y"])("are all different from it, and keep its query: %s", (path) => {
    const variants = pathVariants(path)
    expect(new Set(variants).size).toBe(variants.length)
    expect(variants).not.toContain(path)
    if (path.includes("?")) expect(variants.every((one) => one.endsWith("?x=/y"))).toBe(true)
  })

  it("hold those that advisories are about", () => {
    const due = [
      "//a/b",
      "/a//b",
      "/a/x/../b",
      "/a/x/%2e%2e/b",
      "/a/x/..;/b",
      "/a%2Fb",
      "/a%5Cb",
      "/a\\b",
      "/a%252Fb",
      "/a;x=y/b",
      "/a/b;x=y",
      "/a/b%00",
      "/a/b.",
      "/a/b/",
      "/A/B",
      "/a/%62",
    ]
    expect(pathVariants("/a/b")).toEqual(expect.arrayContaining(due))
  })

  it("lead from an open path up to the guarded one", () => {
    expect(detours("/health/live", "/apis/x")).toEqual(expect.arrayContaining(["/health/live/../../apis/x", "/health/live/%2e%2e/%2e%2e/apis/x"]))
  })
})

describe("a redirect", () => {
  const to = (location: string): unknown =>
    otherSpelling({ status: 301, headers: [["Location", location]], body: "" }, new URL("http://gateway:8080"), "/a/b")

  it.each([
    ["/a/b/", "/a/b/"],
    ["/A/b", "/A/b"],
    ["http://gateway:8080/a/b.?x=y", "/a/b.?x=y"],
    ["/a/%62;v=1", "/a/%62;v=1"],
    ["/a/b", undefined],
    ["/login?next=/a/b", undefined],
    ["http://elsewhere/a/b/", undefined],
    ["http://[", undefined],
    ["", undefined],
  ])("is followed up where it leads to the same resource under another spelling: %s", (location, due) => {
    expect(to(location)).toBe(due)
  })
})

describe("what the upstream saw", () => {
  const view = (...headers: readonly (readonly [string, string])[]) =>
    identityIn({ method: "GET", url: "/", headers: headers.map(([n, v]) => [n, v]) }, "X-NMP-")
  const clean = view(["X-NMP-Principal-Id", "ann"], ["X-NMP-Scopes", ""], ["X-Portcullis-Decision-Id", "1"], ["Host", "a"])

  it("is the same with another decision, another case, and empty headers left out", () => {
    expect(identityChanges(clean, view(["x-nmp-principal-id", "ann"], ["X-Portcullis-Decision-Id", "2"]), "m")).toEqual([])
  })

  it.each<[string, readonly (readonly [string, string])[]]>([
    ["a name of the client's", [["X-NMP-Principal-Id", "m@x"]]],
    [
      "two names",
      [
        ["X-NMP-Principal-Id", "ann"],
        ["X-NMP-Principal-Id", "ann"],
      ],
    ],
    [
      "a name with underscores",
      [
        ["X-NMP-Principal-Id", "ann"],
        ["X_NMP_Principal_Id", "ann"],
      ],
    ],
    ["no name", []],
    [
      "a header that was not there",
      [
        ["X-NMP-Principal-Id", "ann"],
        ["X-NMP-Authorized", "true"],
      ],
    ],
    [
      "a proof of the client's",
      [
        ["X-NMP-Principal-Id", "ann"],
        ["X-Portcullis-Decision", "m"],
      ],
    ],
  ])("is another with %s", (_, headers) => {
    expect(identityChanges(clean, view(...headers), "m")).toHaveLength(1)
  })
})

describe("an outcome", () => {
  const reply = (status: number, headers: RawAnswer["headers"] = []): RawAnswer => ({ status, headers, body: "" })
  const shadow = [["X-Portcullis-Shadow", "denied; code=role_missing"]] as const

  it.each<[RawReply, Outcome]>([
    [reply(200), "passed"],
    [reply(204), "passed"],
    [reply(101), "passed"],
    [reply(200, shadow), "shadowed"],
    ...[400, 401, 403, 414, 421, 426, 431, 501, 505].map((status): [RawReply, Outcome] => [reply(status), "closed"]),
    ...[302, 304, 404, 405, 500, 503].map((status): [RawReply, Outcome] => [reply(status), "untold"]),
    [{ ...reply(503), body: '{"code":"pdp_unavailable"}' }, "closed"],
    [{ ...reply(404), body: '{"code":"pdp_unavailable"}' }, "untold"],
    [reply(429), "untold"],
    [{ lost: "closed", why: "" } as const, "closed"],
    [{ lost: "silent", why: "" } as const, "untold"],
    [{ lost: "unreadable", why: "" } as const, "untold"],
    [{ lost: "unsent", why: "" } as const, "untold"],
  ])("of %j is %s", (of, due) => {
    expect(outcomeOf({ as: [], target: "/" }, of)).toBe(due)
  })

  it("of TRACE is closed by 405, and nothing else is", () => {
    expect(outcomeOf({ as: [], method: "TRACE", target: "/" }, reply(405))).toBe("closed")
    expect(outcomeOf({ as: [], method: "OPTIONS", target: "/" }, reply(405))).toBe("untold")
  })

  it.each([
    [reply(502), true],
    [reply(401), true],
    [{ lost: "silent", why: "" } as const, true],
    [reply(200), false],
    [reply(404), false],
    [{ lost: "unreadable", why: "" } as const, false],
    [{ lost: "unsent", why: "" } as const, false],
  ])("without a sidecar is closed by any error, and by no answer: %j", (of, due) => {
    expect(isClosedInOutage({ as: [], target: "/" }, of)).toBe(due)
  })

  it("is not taken for shadow mode because the client said so", () => {
    expect(outcomeOf({ as: [], target: "/", headers: [["x_portcullis_shadow", "denied"]] }, reply(200, shadow))).toBe("passed")
  })
})

it("an examination proves something when nothing is wrong and shadow mode is off", () => {
  expect(isProven([passed("paths", "a"), unchecked("outage", "b"), warned("overrides", "passed on", "c", "d")])).toBe(true)
  expect(isProven([passed("paths", "a"), failed("denied", "b", "c")])).toBe(false)
  expect(isProven([warned("denied", "shadow", "a", "b")])).toBe(false)
})

it.each([
  [[["Server", "nginx/1.22.1"]], "nginx"],
  [[["server", "openresty"]], "nginx"],
  [[["server", "envoy"]], "envoy"],
  [[["Via", "1.1 Caddy"]], "caddy"],
  [[], undefined],
] as const)("a gateway says what it is: %j", (headers, kind) => {
  expect(kindOf({ status: 200, headers, body: "" })).toBe(kind)
})

it("remedies are of the gateway where they can be, and speak of the headers that are in use", () => {
  for (const kind of gatewayKinds) expect(remedyFor("protect", kind, "X-NMP-")).toContain("examples/gateways/")
  expect(remedyFor("strip", undefined, "X-Our-")).toMatch(/X-Our-/)
  expect(remedyFor("strip", undefined, "X-Our-")).not.toMatch(/X-NMP-/)
})

it("what was sent is said in a line, without the token and shortened", () => {
  const text = said({ as: ["token"], target: "/a\u009b", connection: "Upgrade", headers: Array.from({ length: 4 }, () => ["X", "y".repeat(100)]) })
  expect(text).toMatch(/^GET \/a\? with the token, Connection: Upgrade, X: y{60}… \(100 characters\), X: .*, and 2 more$/)
})
