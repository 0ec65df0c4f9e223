import { describe, expect, it } from "vitest"
import { maskedInput, maskedResult } from "../../../src/decision-log/builtin-mask.js"
import type { LogEvent, MaskRule } from "../../../src/decision-log/index.js"
import { withMasks } from "../../../src/decision-log/mask-rules.js"
import { principalHash } from "../../../src/decision-log/principal-hash.js"
import { scrubbed } from "../../../src/decision-log/scrub.js"
import { allowed, logWorld, policy, question } from "./world.js"

const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"

describe("the built-in mask", () => {
  it("keeps of an Envoy-shaped request its method, path and host, and who is named, and nothing else", () => {
    const input = {
      attributes: {
        request: {
          http: {
            method: "GET",
            path: "/a?access_token=s3cret#x",
            host: "h",
            body: "s3cret",
            headers: {
              authorization: "Bearer s3cret",
              cookie: "s3cret",
              "x-nmp-principal-id": "ann",
              "X-NMP-Principal-Groups": "ml, ops",
              "x-nmp-authorized": "s3cret",
              "x-request-id": "1",
            },
          },
        },
        source: { certificate: "s3cret" },
      },
      password: "s3cret",
    }
    const { value } = maskedInput("authz/allow", input)
    expect(value).toEqual({
      principal_id: "ann",
      principal_groups: ["ml", "ops"],
      attributes: { request: { http: { method: "GET", path: "/a", host: "h" } } },
    })
  })

  it("lets direct members win over headers, as the policy does", () => {
    const input = { principal_id: "ben", attributes: { request: { http: { headers: { "x-nmp-principal-id": "ann" } } } } }
    expect(maskedInput("authz/allowed", input).value).toMatchObject({ principal_id: "ben" })
  })

  it("takes tokens out of texts, and out of batches", () => {
    const input = { principal_id: jwt, requests: [{ path: `/reset/${jwt}?x`, method: "GET", secret: "s3cret" }, null, 4] }
    expect(maskedInput("authz/allow_many", input).value).toEqual({
      principal_id: "[redacted]",
      requests: [{ path: "/reset/[redacted]", method: "GET" }, null, null],
    })
  })

  it("keeps of a result what was decided, not who holds which roles, nor headers", () => {
    const result = { allowed: true, headers: { "X-NMP-Authorized": "true" }, roles: { ann: ["Admin"] }, reasons: [] }
    expect(maskedResult("authz/explain", result).value).toEqual({ allowed: true, reasons: [] })
    expect(maskedResult("authz/allow_many", [true, false]).value).toEqual([true, false])
  })

  it("takes what is named like a secret out of other inputs, and lists it", () => {
    const input = {
      request: { headers: { Authorization: "Basic s3cret", Host: "h", "X-Request-ID": "1", "X-Api-Key": "s3cret" }, url: "https://h/p?q=s3cret" },
      clientSecret: "s3cret",
      "access-token": "s3cret",
      note: `see ${jwt}.`,
      auth: "Bearer s3cret",
      list: [{ password: "s3cret" }],
      workspace: "ml",
    }
    const { value, erased } = scrubbed(input, "/input")
    expect(value).toEqual({
      request: { headers: { Host: "h", "X-Request-ID": "1" }, url: "https://h/p" },
      note: "see [redacted].",
      auth: "[redacted]",
      list: [{}],
      workspace: "ml",
    })
    expect(erased).toEqual([
      "/input/request/headers/Authorization",
      "/input/request/headers/X-Api-Key",
      "/input/clientSecret",
      "/input/access-token",
      "/input/list/0/password",
    ])
  })

  it("knows plurals, users in URLs, and credentials in the middle of a text, and leaves counts", () => {
    const input = {
      secrets: ["s3cret"],
      tokens: { a: "s3cret" },
      api_keys: "s3cret",
      max_tokens: 512,
      url: "http://u:s3cret@h/x",
      note: 'see https://u:s3cret@h/ and curl -H \'Authorization: Bearer s3cret-opaque\' or {"authorization": "ApiKey s3cret"}',
      other: "it said bearer s3cretly, Basic dTpzM2NyZXQ=, and the bearer token is basic authentication",
      [`x_${jwt}`]: 1,
      glued: `prefix_${jwt} and eyJ.${jwt}`,
    }
    const { value, erased } = scrubbed(input, "/input")
    expect(JSON.stringify(value)).not.toMatch(/s3cret|dTpz|eyJhb/)
    expect(value).toMatchObject({ max_tokens: 512, url: "http://[redacted]@h/x", "x_[redacted]": 1, glued: "prefix_[redacted] and eyJ.[redacted]" })
    expect(Object(value).other).toContain("the bearer token is basic authentication")
    expect(erased).toEqual(["/input/secrets", "/input/tokens", "/input/api_keys"])
  })

  it.each(["eyJ", "eyJ.", "a.eyJ-", "basic ", "bearer  ", "authorization: ", "authorization=", "://", "://u", "a@", "authorization \"'"])(
    "takes a text of nothing but '%s' in its stride",
    (part) => {
      const startedAt = performance.now()
      scrubbed({ text: part.repeat(40_000), other: `${part}${"x".repeat(200_000)}`, spaces: `${part}${" ".repeat(100_000)}` }, "/input")
      expect(performance.now() - startedAt).toBeLessThan(2_000)
    },
  )

  it("looks at the whole event at last, whatever a token stands in", async () => {
    const { log, sink, timers } = logWorld({ mask: [{ op: "upsert", path: "/input/more", value: { [jwt]: jwt } }] })
    const origin = { requestId: jwt, host: `${jwt}.example.com`, requestedBy: "127.0.0.1:1" }
    log.recorder(policy).evaluation({ [jwt]: 1, x: jwt }, { [jwt]: [jwt] }, { ...allowed, path: `my/${jwt}`, origin })
    log.recorder(policy).question(question, { ...allowed, origin })
    await timers.advance(25)
    expect(sink.events()).toHaveLength(2)
    expect(sink.lines.join()).not.toContain("eyJ")
  })

  it("survives keys like __proto__, deep nesting and texts made to be slow", () => {
    const odd: unknown = JSON.parse('{"__proto__":{"x":1},"a":"' + "eyJ".repeat(50_000) + '"}')
    const startedAt = performance.now()
    const { value } = scrubbed(odd, "/input")
    expect(performance.now() - startedAt).toBeLessThan(500)
    expect(JSON.stringify(value)).toContain('"__proto__":{"x":1}')
    let deep: unknown = "s3cret"
    for (let level = 0; level < 500; level++) deep = { deep }
    expect(JSON.stringify(scrubbed(deep, "/input").value)).not.toContain("s3cret")
  })

  it("works before anything waits, so that nothing secret is held", async () => {
    const { log, sink, timers } = logWorld()
    const recorder = log.recorder(policy)
    recorder.question({ ...question, path: `/a/${jwt}?s3cret` }, allowed)
    recorder.evaluation({ token: "s3cret", path: "/x?s3cret" }, { cookie: "s3cret" }, { ...allowed, path: "my/rule" })
    await timers.advance(25)
    expect(sink.lines.join()).not.toMatch(/s3cret|eyJ/)
  })
})

const event: LogEvent = {
  labels: {},
  decision_id: "1",
  timestamp: "",
  input: { principal_id: "ann", "a/b": 1, list: [{ x: 1 }, { x: 2 }], deep: { secret: 1, other: 2 } },
  result: { allowed: true },
}
const masked = (...rules: readonly MaskRule[]): LogEvent => withMasks(event, rules)

describe("masks by configuration", () => {
  it("remove members, items and whole documents, and list them as erased", () => {
    expect(masked("/input/deep/secret", "/result", { op: "remove", path: "/input/list/0" })).toEqual({
      ...{ labels: {}, decision_id: "1", timestamp: "" },
      input: { principal_id: "ann", "a/b": 1, list: [{ x: 2 }], deep: { other: 2 } },
      erased: ["/input/deep/secret", "/result", "/input/list/0"],
    })
  })

  it("replace and add, and list that as masked", () => {
    const { input, masked: listed } = masked(
      { op: "upsert", path: "/input/principal_id", value: "x" },
      { op: "upsert", path: "/input/new/member", value: [1] },
    )
    expect(input).toMatchObject({ principal_id: "x", new: { member: [1] } })
    expect(listed).toEqual(["/input/principal_id", "/input/new/member"])
  })

  it("do nothing where there is nothing", () => {
    expect(
      masked("/input/none", "/input/list/7", "/input/principal_id/x", "/nd_builtin_cache", { op: "upsert", path: "/input/principal_id/x", value: 1 }),
    ).toEqual(event)
  })

  it("read the escapes of RFC 6901", () => {
    expect(masked("/input/a~1b").erased).toEqual(["/input/a~1b"])
    expect(masked("/input/a%2Fb")).toEqual(event)
  })

  it("leave the event from before as it was", () => {
    const before = JSON.stringify(event)
    masked("/input/deep", { op: "upsert", path: "/input/list/0/x", value: 9 })
    expect(JSON.stringify(event)).toBe(before)
  })
})

describe("mask_principal: hash", () => {
  it("hides ids, e-mails, groups and ids in paths, alike everywhere", async () => {
    const { log, sink, timers } = logWorld({ maskPrincipal: "hash" })
    const who = { id: "ann@example.com", email: "ann@example.com", groups: ["ml"] }
    log.recorder(policy).question({ principal: who, method: "GET", path: "/members/ann%40example.com/x" }, allowed)
    log
      .recorder(policy)
      .evaluation({ requests: [{ principal_id: "service:bot", path: "/bots/service:bot" }] }, [true], { ...allowed, path: "authz/allow_many" })
    await timers.advance(25)
    expect(sink.lines.join()).not.toMatch(/ann|"ml"|bot"/)
    const [first, second] = sink.events()
    const hash = expect.stringMatching(/^sha256:[0-9a-f]{32}$/)
    expect(first).toMatchObject({ input: { principal_id: hash, principal_email: hash, principal_groups: [hash] } })
    expect(second).toMatchObject({ input: { requests: [{ principal_id: expect.stringMatching(/^service:sha256:/) }] } })
  })

  it("still filters by the names themselves", async () => {
    const { log, sink, timers } = logWorld({ maskPrincipal: "hash", drop: [{ principal: "ann@*" }] })
    log.recorder(policy).question(question, allowed)
    await timers.advance(25)
    expect(sink.lines).toEqual([])
  })

  it("depends on the key when there is one, and leaves nobody and everybody", () => {
    const of = (key: string | undefined, id: string): unknown => principalHash(key)({ ...event, input: { principal_id: id } }).input
    expect(of("a", "ann")).not.toEqual(of("b", "ann"))
    expect(of(undefined, "ann")).toEqual({ principal_id: "sha256:49915e0d7d4b402e3017d010bc1c0e83" })
    expect(of("a", "")).toEqual({ principal_id: "" })
    expect(of("a", "*")).toEqual({ principal_id: "*" })
  })
})
