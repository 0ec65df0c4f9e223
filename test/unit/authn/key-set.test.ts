import { generateKeyPairSync } from "node:crypto"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { authentication, type AuthenticationOptions, type IssuerProblem } from "../../../src/authn/index.js"
import type { Timers } from "../../../src/model/timers.js"
import {
  json,
  keysPath,
  metadataPath,
  signed,
  startTestIssuer,
  testKey,
  text,
  type Answer,
  type TestIssuer,
  type TestKey,
} from "../../fixtures/test-issuer.js"

const old = await testKey("ES256", "old")
const next = await testKey("ES256", "next")
const lifetime = 1_000_000
const verified = { proof: "verified_token", principal: { id: "u-1" } }
const unknownKey = { code: "ERR_UNAUTHENTICATED", reason: "unknown_key" }
const unavailable = { code: "ERR_IDP_UNAVAILABLE", reason: "idp_unavailable" }

let server: TestIssuer
let seconds = 1_800_000_000

beforeEach(async () => {
  server = await startTestIssuer([old.jwk])
})
afterEach(() => server.stop())

function start(options: AuthenticationOptions = {}) {
  const problems: IssuerProblem[] = []
  const started = authentication({
    issuers: [{ issuer: server.issuer, audience: "api" }],
    hooks: { now: () => seconds * 1_000, ...options.hooks },
    onProblem: (problem) => problems.push(problem),
    ...options,
  })
  const send = async (token: string | Promise<string>) =>
    started.authenticate({ rawHeaders: ["Authorization", `Bearer ${await token}`], trust: "none" })
  return { ...started, send, problems }
}

function token(key: TestKey, header: Readonly<Record<string, unknown>> = {}, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return signed(key, { iss: server.issuer, aud: "api", sub: "u-1", iat: seconds, exp: seconds + lifetime, ...claims }, header)
}

const fetches = (): number => server.requests(keysPath)

describe("the keys of an issuer", () => {
  it("can be asked for ahead of the first token", async () => {
    const { fetchKeys, issuers, send, problems } = start()
    await Promise.all([fetchKeys(), fetchKeys()])
    expect([fetches(), issuers()]).toEqual([1, [{ issuer: server.issuer, keys: 1, ageSeconds: 0 }]])
    await expect(send(token(old))).resolves.toMatchObject(verified)
    expect([fetches(), problems]).toEqual([1, []])
  })

  it("that cannot be had ahead of the first token are a problem, and no failure", async () => {
    await server.stop()
    const { fetchKeys, problems } = start()
    await fetchKeys()
    expect(problems).toMatchObject([{ issuer: server.issuer, error: unavailable }])
  })

  it("are not asked for before the first token, and once for many", async () => {
    const { send, issuers } = start()
    expect([server.requests(metadataPath), issuers()]).toEqual([0, [{ issuer: server.issuer, keys: 0 }]])
    await Promise.all(Array.from({ length: 20 }, () => send(token(old))))
    expect([server.requests(metadataPath), fetches()]).toEqual([1, 1])
    seconds += 7
    expect(issuers()).toEqual([{ issuer: server.issuer, keys: 1, ageSeconds: 7 }])
  })

  it("come from jwksUri where one is set", async () => {
    const { send } = start({ issuers: [{ issuer: "https://idp.example", audience: "api", jwksUri: `${server.issuer}/keys` }] })
    expect(await send(token(old, {}, { iss: "https://idp.example" }))).toMatchObject(verified)
    expect(server.requests(metadataPath)).toBe(0)
  })

  it("are asked for 5 times at most by 300 tokens of unknown keys in 20 seconds", async () => {
    const { send } = start()
    await send(token(old))
    const flood = await Promise.all(Array.from({ length: 300 }, (_, at) => token(old, { kid: `unknown-${at}` })))
    for (let at = 0; at < 300; at += 10) {
      seconds += 20 / 30
      const outcomes = await Promise.allSettled(flood.slice(at, at + 10).map(send))
      for (const outcome of outcomes) expect(outcome).toMatchObject({ status: "rejected", reason: unknownKey })
    }
    expect(fetches()).toBeLessThanOrEqual(5)
    expect(fetches()).toBeGreaterThan(1)
    expect(server.requests(metadataPath)).toBe(1)
  })

  it("are asked for once by 300 tokens of unknown keys at the same time", async () => {
    const { send } = start()
    await send(token(old))
    seconds += 10
    const outcomes = await Promise.allSettled(Array.from({ length: 300 }, (_, at) => send(token(old, { kid: `unknown-${at}` }))))
    expect(outcomes.every(({ status }) => status === "rejected")).toBe(true)
    expect(fetches()).toBe(2)
  })

  it("are asked for again when a token names a new one, and all who wait for it pass", async () => {
    const { send } = start()
    await send(token(old))
    server.publish([old.jwk, next.jwk])
    seconds += 5
    const callers = await Promise.all([send(token(next)), send(token(next)), send(token(old)), send(token(next, { kid: undefined }))])
    expect(callers).toMatchObject([verified, verified, verified, verified])
    expect(fetches()).toBe(2)
  })

  it("are asked for again when a token without key id fits none", async () => {
    const { send } = start()
    await send(token(old))
    server.publish([next.jwk])
    await expect(send(token(next, { kid: undefined }))).rejects.toMatchObject({ reason: "signature_invalid" })
    seconds += 5
    expect(await send(token(next, { kid: undefined }))).toMatchObject(verified)
    await expect(send(token(old, { kid: undefined }))).rejects.toMatchObject({ reason: "signature_invalid" })
    expect(fetches()).toBe(2)
  })

  it("are not asked for again within the window, also when a token names a new one", async () => {
    const { send } = start()
    await send(token(old))
    server.publish([next.jwk])
    seconds += 4.9
    await expect(send(token(next))).rejects.toMatchObject(unknownKey)
    expect(fetches()).toBe(1)
  })

  it("are asked for again when the clock was set back", async () => {
    const { send } = start()
    await send(token(old))
    server.publish([next.jwk])
    seconds -= 100_000
    expect(await send(token(next))).toMatchObject(verified)
  })

  it("are renewed in the background from 80 % of their time on", async () => {
    const { send, issuers } = start({ jwksCacheSeconds: 1_000 })
    await send(token(old))
    seconds += 799
    await send(token(old))
    expect(fetches()).toBe(1)
    const answered = heldBack(server, keysPath, json({ keys: [old.jwk, next.jwk] }))
    seconds += 1
    expect(await send(token(old))).toMatchObject(verified)
    expect(issuers()).toMatchObject([{ keys: 1 }])
    await answered()
    await expect.poll(() => issuers()).toMatchObject([{ keys: 2, ageSeconds: 0 }])
    expect(fetches()).toBe(2)
  })

  it("that were removed verify nothing from 100 % of their time on, remembered tokens neither", async () => {
    const { send } = start({ jwksCacheSeconds: 1_000 })
    const remembered = await token(old)
    await send(remembered)
    server.publish([next.jwk])
    expect(await send(remembered)).toMatchObject(verified)
    seconds += 1_000
    await expect(send(remembered)).rejects.toMatchObject(unknownKey)
    expect(await send(token(next))).toMatchObject(verified)
    await expect(send(remembered)).rejects.toMatchObject(unknownKey)
    expect(fetches()).toBe(2)
  })

  it("of one id belong to their issuer alone", async () => {
    const twin = await testKey("ES256", "old")
    const other = await startTestIssuer([twin.jwk])
    try {
      const { send } = start({
        issuers: [
          { issuer: server.issuer, audience: "api" },
          { issuer: other.issuer, audience: "other-api" },
        ],
      })
      const others = { iss: other.issuer, aud: "other-api" }
      expect(await send(token(old))).toMatchObject(verified)
      expect(await send(token(twin, {}, others))).toMatchObject(verified)
      await expect(send(token(old, {}, others))).rejects.toMatchObject({ reason: "signature_invalid" })
      await expect(send(token(twin))).rejects.toMatchObject({ reason: "signature_invalid" })
      await expect(send(token(twin, {}, { iss: other.issuer }))).rejects.toMatchObject({ reason: "audience_mismatch" })
    } finally {
      await other.stop()
    }
  })

  it("are looked for where the discovery document says at the time", async () => {
    const { send } = start({ jwksCacheSeconds: 1_000 })
    await send(token(old))
    server.answer(metadataPath, json({ issuer: server.issuer, jwks_uri: `${server.issuer}/moved` }))
    server.answer("/moved", json({ keys: [next.jwk] }))
    seconds += 1_000
    expect(await send(token(next))).toMatchObject(verified)
  })

  it("are looked for anew after a failure, because they may have moved", async () => {
    const { send } = start()
    await send(token(old))
    server.answer(keysPath, text("gone", 404))
    server.answer(metadataPath, json({ issuer: server.issuer, jwks_uri: `${server.issuer}/moved` }))
    server.answer("/moved", json({ keys: [next.jwk] }))
    seconds += 5
    await expect(send(token(next))).rejects.toMatchObject(unavailable)
    seconds += 5
    expect(await send(token(next))).toMatchObject(verified)
  })

  it("are those that can verify; others are passed over", async () => {
    const weak = weakKey()
    const strong = generateKeyPairSync("rsa", { modulusLength: 2_048 }).publicKey.export({ format: "jwk" })
    const otherCurve = { ...next.jwk, crv: "secp256k1" }
    server.publish([
      { kty: "oct", k: "c2VjcmV0", kid: "secret" },
      { ...next.jwk, kid: "enc", use: "enc" },
      { ...next.jwk, kid: "wrap", key_ops: ["wrapKey"] },
      { ...next.jwk, kid: "off-curve", x: next.jwk.y },
      { ...next.jwk, kid: 5 },
      { ...next.jwk, kid: "private", d: next.jwk.x },
      { kty: "OKP", crv: "X25519", x: next.jwk.x, kid: "agreement" },
      { kty: "AKP", alg: "ML-DSA-44", pub: "AAAA", kid: "post-quantum" },
      { ...otherCurve, kid: "curve" },
      weak.jwk,
      ...["AQ", "Aw", "AAE", "AQAA", "AQAC"].map((e) => ({ ...strong, e, kid: `exponent-${e}` })),
      {},
      "no key",
      null,
      { ...old.jwk, key_ops: ["verify"], ext: true, x5c: ["MIIB"], x5t: "x" },
    ])
    const { send, issuers } = start()
    expect(await send(token(old))).toMatchObject(verified)
    expect(issuers()).toMatchObject([{ keys: 1 }])
    for (const kid of ["enc", "wrap", "private"]) await expect(send(token(next, { kid }))).rejects.toMatchObject(unknownKey)
  })
})

describe("an issuer that hangs", () => {
  const hang = (): void => server.answer(keysPath, () => {})

  it("holds 100 tokens of unknown keys; more are answered at once, and known keys verify", async () => {
    const { timers, ring } = alarm()
    const { authenticate, send } = start({ hooks: { now: () => seconds * 1_000, timers } })
    const remembered = await token(old)
    await send(remembered)
    hang()
    seconds += 5
    const unknown = await token(next)
    const heard = { waiting: 0, answered: 0 }
    const onWait = () => {
      heard.waiting++
      return () => void heard.waiting--
    }
    const asked = Array.from({ length: 150 }, async () => {
      const [outcome] = await Promise.allSettled([authenticate({ rawHeaders: ["Authorization", `Bearer ${unknown}`], trust: "none", onWait })])
      heard.answered++
      return outcome
    })
    await expect.poll(() => heard).toEqual({ waiting: 100, answered: 50 })
    expect(await send(remembered)).toMatchObject(verified)
    expect(await send(token(old))).toMatchObject(verified)
    await expect.poll(fetches).toBe(2)
    ring()
    for (const outcome of await Promise.all(asked)) expect(outcome).toMatchObject({ status: "rejected", reason: unavailable })
    expect(heard).toEqual({ waiting: 0, answered: 150 })
  })

  it("holds 100 tokens while no key is known", async () => {
    hang()
    const { timers, ring } = alarm()
    const { send } = start({ hooks: { now: () => seconds * 1_000, timers } })
    const one = await token(old)
    let answered = 0
    const asked = Array.from({ length: 150 }, () =>
      send(one).catch((thrown: unknown) => {
        answered++
        return thrown
      }),
    )
    await expect.poll(() => answered).toBe(50)
    await expect.poll(fetches).toBe(1)
    ring()
    for (const outcome of await Promise.all(asked)) expect(outcome).toMatchObject(unavailable)
  })

  it("is waited for by known keys that are old for a second, and by no more than 100 tokens", async () => {
    const { timers, ring, waits } = alarm()
    const { send } = start({ jwksCacheSeconds: 1_000, hooks: { now: () => seconds * 1_000, timers } })
    const remembered = await token(old)
    await send(remembered)
    hang()
    seconds += 1_000
    let answered = 0
    const asked = Array.from({ length: 150 }, async () => {
      const caller = await send(remembered)
      answered++
      return caller
    })
    await expect.poll(() => answered).toBe(50)
    await expect.poll(fetches).toBe(2)
    ring(1_000)
    for (const caller of await Promise.all(asked)) expect(caller).toMatchObject(verified)
    expect(await send(remembered)).toMatchObject(verified)
    expect(waits()).toContain(5_000)
  })
})

describe("an issuer that cannot be asked", () => {
  it("answers 503 for every token while no key is known, asked once per window", async () => {
    server.answer(metadataPath, text("down", 500))
    const { send, problems, issuers } = start()
    for (let at = 0; at < 3; at++) await expect(send(token(old))).rejects.toMatchObject(unavailable)
    expect([server.requests(metadataPath), problems.length]).toEqual([1, 1])
    expect(problems).toMatchObject([{ issuer: server.issuer, error: unavailable }])
    expect(issuers()).toMatchObject([{ keys: 0, lastError: expect.stringContaining("500") }])
    server.answer(metadataPath, undefined)
    seconds += 5
    expect(await send(token(old))).toMatchObject(verified)
    expect(issuers()).not.toMatchObject([{ lastError: expect.anything() }])
  })

  it("changes nothing for known keys, however long", async () => {
    const { send, problems } = start({ jwksCacheSeconds: 1_000 })
    const remembered = await token(old)
    await send(remembered)
    await server.stop()
    for (const wait of [0, 850, 200, 3, 5, 100_000, 1]) {
      seconds += wait
      expect(await send(remembered)).toMatchObject(verified)
      expect(await send(token(old))).toMatchObject(verified)
    }
    await expect(send(token(next))).rejects.toMatchObject(unavailable)
    expect(problems.length).toBeGreaterThan(2)
  })

  it("is waited for once, and then asked in the background while known keys verify", async () => {
    const { send } = start({ jwksCacheSeconds: 1_000 })
    const remembered = await token(old)
    await send(remembered)
    server.answer(keysPath, text("down", 500))
    seconds += 1_000
    await send(remembered)
    expect(fetches()).toBe(2)
    const answered = heldBack(server, keysPath, json({ keys: [] }))
    seconds += 5
    expect(await send(remembered)).toMatchObject(verified)
    await answered()
    await expect.poll(async () => (await Promise.allSettled([send(remembered)]))[0]).toMatchObject({ reason: unknownKey })
  })

  it.each<[string, string, Answer]>([
    ["redirects to its keys", keysPath, text("", 302, { location: "/elsewhere", "content-type": "application/json" })],
    ["redirects to its document", metadataPath, text("", 301, { location: "/elsewhere" })],
    ["answers 404", keysPath, text('{"keys":[]}', 404)],
    ["answers HTML", keysPath, text("{}", 200, { "content-type": "text/html" })],
    ["answers without a type", keysPath, text("{}", 200, {})],
    ["answers no JSON", keysPath, text("{keys:[]}")],
    ["answers a list", keysPath, json([])],
    ["answers without keys", keysPath, json({})],
    ["answers keys that are no list", keysPath, json({ keys: { kty: "RSA" } })],
    ["answers 101 keys", keysPath, json({ keys: Array.from({ length: 101 }, () => ({})) })],
    ["answers more than 1 MiB", keysPath, text(JSON.stringify({ keys: [], filler: "x".repeat(1024 * 1024) }))],
    ["closes the connection", keysPath, (request) => request.socket.destroy()],
    [
      "answers half",
      keysPath,
      (_, response) => void response.writeHead(200, { "content-type": "application/json", "content-length": "9" }).end("{}"),
    ],
    ["names another issuer", metadataPath, json({ issuer: "https://evil.example", jwks_uri: "https://evil.example/keys" })],
    [
      "names itself with a slash",
      metadataPath,
      (request, response) => json({ issuer: `http://${request.headers.host}/`, jwks_uri: "x" })(request, response),
    ],
    ["answers a document without issuer", metadataPath, json({ jwks_uri: "https://evil.example/keys" })],
    ["answers a document that is a text", metadataPath, json("x")],
    ["names no keys", metadataPath, (request, response) => json({ issuer: `http://${request.headers.host}` })(request, response)],
    [
      "names keys at a number",
      metadataPath,
      (request, response) => json({ issuer: `http://${request.headers.host}`, jwks_uri: 5 })(request, response),
    ],
    ["names keys at http:// elsewhere", metadataPath, keysAt("http://keys.example/keys")],
    ["names keys at a file", metadataPath, keysAt("file:///etc/passwd")],
    ["names keys at no URL", metadataPath, keysAt("keys")],
    ["names keys at a metadata address", metadataPath, keysAt("https://169.254.169.254/keys")],
  ])("because it %s changes no known key, and gives no new one", async (_name, path, answer) => {
    const { send } = start({ jwksCacheSeconds: 1_000 })
    const remembered = await token(old)
    await send(remembered)
    server.answer(path, answer)
    seconds += 1_000
    expect(await send(remembered)).toMatchObject(verified)
    expect(await send(token(old))).toMatchObject(verified)
    const fresh = start()
    await expect(fresh.send(token(old))).rejects.toMatchObject(unavailable)
    expect([fresh.problems.length, server.requests("/elsewhere")]).toEqual([1, 0])
  })

  it("because it does not answer in time is given up", async () => {
    server.answer(keysPath, () => {})
    const { timers, ring } = alarm()
    const { send } = start({ hooks: { now: () => seconds * 1_000, timers } })
    const waiting = send(token(old))
    await expect.poll(fetches).toBe(1)
    ring()
    await expect(waiting).rejects.toMatchObject(unavailable)
  })

  it("because its host is not allowed is not asked", async () => {
    const { send } = start({ allowedHosts: ["idp.example"] })
    await expect(send(token(old))).rejects.toMatchObject(unavailable)
    expect(server.requests(metadataPath)).toBe(0)
  })
})

function keysAt(url: string): Answer {
  return (request, response) => json({ issuer: `http://${request.headers.host}`, jwks_uri: url })(request, response)
}

/** @returns lets the answer go, once it has been asked for */
function heldBack(issuer: TestIssuer, path: string, answer: Answer): () => Promise<void> {
  let asked = (): void => {}
  let go = (): void => {}
  const isAsked = new Promise<void>((resolve) => (asked = resolve))
  const mayGo = new Promise<void>((resolve) => (go = resolve))
  issuer.answer(path, (request, response) => {
    asked()
    void mayGo.then(() => answer(request, response))
  })
  return async () => {
    await isAsked
    go()
  }
}

function alarm() {
  const due = new Set<{ readonly ms: number; readonly run: () => void }>()
  const timers: Timers = {
    after(ms, run) {
      const one = { ms, run }
      due.add(one)
      return () => void due.delete(one)
    },
  }
  return {
    timers,
    waits: () => [...due].map(({ ms }) => ms),
    /** @param most those that wait longer go on waiting */
    ring: (most = Infinity) => due.forEach(({ ms, run }) => ms <= most && run()),
  }
}

function weakKey() {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 1_024 })
  return { jwk: { ...publicKey.export({ format: "jwk" }), kid: "weak" } }
}
