import { EventEmitter, once } from "node:events"
import { createServer } from "node:http"
import { describe, expect, it, onTestFinished } from "vitest"
import { loginDiscovery, type IssuerProblem, type LoginDiscoveryOptions } from "../../../src/authn/index.js"

type Oidc = NonNullable<LoginDiscoveryOptions["oidc"]>

describe("the discovery document", () => {
  it("has no provider while there is none, or authentication is off", async () => {
    const idp = await provider()
    expect(await loginDiscovery({ authEnabled: true }).read()).toEqual({ auth_enabled: true, oidc: null })
    expect(await loginDiscovery({ authEnabled: false, oidc: idp.oidc }).read()).toEqual({ auth_enabled: false, oidc: null })
    expect(idp.asked()).toBe(0)
  })

  it("names what the provider's own document names, and nothing else of it", async () => {
    const { oidc, issuer } = await provider()
    expect(await read({ ...oidc, scopePrefix: "api://portcullis/" })).toEqual({
      auth_enabled: true,
      oidc: {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: "https://idp.example/token",
        device_authorization_endpoint: `${issuer}/device`,
        userinfo_endpoint: `${issuer}/me`,
        client_id: "portcullis-cli",
        default_scopes: "openid profile",
        scope_prefix: "api://portcullis/",
      },
    })
  })

  it("leaves out what is not known", async () => {
    const { oidc, issuer } = await provider(({ issuer }) => ({ issuer, token_endpoint: "https://idp.example/token" }))
    const { oidc: found } = await read(oidc)
    expect(Object.keys(found ?? {})).toEqual(["issuer", "token_endpoint", "client_id", "default_scopes"])
    expect(found?.issuer).toBe(issuer)
  })

  it("prefers endpoints that are configured", async () => {
    const { oidc, issuer } = await provider()
    const { oidc: found } = await read({ ...oidc, tokenEndpoint: "https://proxy.example/token", userinfoEndpoint: "https://proxy.example/me" })
    expect(found).toMatchObject({
      token_endpoint: "https://proxy.example/token",
      userinfo_endpoint: "https://proxy.example/me",
      device_authorization_endpoint: `${issuer}/device`,
    })
  })

  it("asks nobody when every endpoint is configured", async () => {
    const { oidc, asked } = await provider()
    const [authorizationEndpoint, tokenEndpoint, deviceAuthorizationEndpoint, userinfoEndpoint] = ["a", "t", "d", "u"].map(
      (path) => `https://idp.example/${path}`,
    )
    const { oidc: found } = await read({ ...oidc, authorizationEndpoint, tokenEndpoint, deviceAuthorizationEndpoint, userinfoEndpoint })
    expect(found).toMatchObject({ authorization_endpoint: "https://idp.example/a", device_authorization_endpoint: "https://idp.example/d" })
    expect(asked()).toBe(0)
  })

  it.each([
    ["http://idp.example/token", false],
    ["http://10.0.0.1/token", false],
    ["http://localhost.example/token", false],
    ["ftp://idp.example/token", false],
    ["javascript:alert(1)", false],
    ["/token", false],
    ["", false],
    ["https://ann:secret@idp.example/token", false],
    ["https://idp.example:8443/token?tenant=a", true],
    ["http://127.0.0.1:1/token", true],
    ["http://[::1]/token", true],
    ["http://localhost/token", true],
  ])("of a provider that names %j has it: %s", async (tokenEndpoint, isKept) => {
    const { oidc } = await provider(({ issuer }) => ({ issuer, token_endpoint: tokenEndpoint }))
    expect((await read(oidc)).oidc?.token_endpoint).toBe(isKept ? tokenEndpoint : undefined)
  })
})

describe("the provider", () => {
  it("is asked once in the time that its document is kept, and once for all who ask together", async () => {
    const { oidc, asked } = await provider()
    const clock = { now: 0 }
    const discovery = loginDiscovery({ authEnabled: true, oidc: { ...oidc, cacheSeconds: 300 }, hooks: { now: () => clock.now } })
    await Promise.all(Array.from({ length: 50 }, () => discovery.read()))
    clock.now = 299_999
    await discovery.read()
    expect(asked()).toBe(1)
    clock.now = 300_000
    await discovery.read()
    await expect.poll(asked).toBe(2)
  })

  it("is asked each time when nothing is kept", async () => {
    const { oidc, asked } = await provider()
    const discovery = loginDiscovery({ authEnabled: true, oidc: { ...oidc, cacheSeconds: 0 } })
    await discovery.read()
    await discovery.read()
    expect(asked()).toBe(2)
  })

  it("need not answer: what it said before still serves, and it is left alone for five seconds", async () => {
    const idp = await provider()
    const clock = { now: 0 }
    const problems: IssuerProblem[] = []
    const onProblem = (problem: IssuerProblem) => void problems.push(problem)
    const discovery = loginDiscovery({ authEnabled: true, oidc: { ...idp.oidc, cacheSeconds: 60 }, onProblem, hooks: { now: () => clock.now } })
    const first = await discovery.read()
    idp.fail()
    clock.now = 60_000
    expect(await discovery.read()).toEqual(first)
    await expect.poll(() => problems.length).toBe(1)
    clock.now = 64_999
    expect(await discovery.read()).toEqual(first)
    expect(idp.asked()).toBe(2)
    expect(problems.map(({ issuer, error }) => [issuer, error.code])).toEqual([[idp.issuer, "ERR_IDP_UNAVAILABLE"]])
    clock.now = 65_000
    await discovery.read()
    await expect.poll(idp.asked).toBe(3)
  })

  it("that hangs is not waited for while there is an old document", async () => {
    const idp = await provider()
    const clock = { now: 0 }
    const discovery = loginDiscovery({ authEnabled: true, oidc: idp.oidc, hooks: { now: () => clock.now } })
    const first = await discovery.read()
    const arrived = idp.stall()
    clock.now = 300_000
    expect(await discovery.read()).toEqual(first)
    await arrived
    expect(await Promise.all(Array.from({ length: 500 }, () => discovery.read()))).toEqual(Array.from({ length: 500 }, () => first))
    expect(idp.asked()).toBe(2)
  })

  it("that hangs while nothing is known is waited for by 100; the others hear what is configured, and the wait is told of", async () => {
    const idp = await provider()
    const arrived = idp.stall()
    const due: (() => void)[] = []
    const timers = { after: (_ms: number, run: () => void) => (due.push(run), () => {}) }
    const discovery = loginDiscovery({ authEnabled: true, oidc: idp.oidc, hooks: { timers } })
    const heard = { waiting: 0, answered: 0 }
    const onWait = () => {
      heard.waiting++
      return () => void heard.waiting--
    }
    const reads = Array.from({ length: 150 }, async () => {
      const { oidc } = await discovery.read(onWait)
      heard.answered++
      return oidc
    })
    await arrived
    await expect.poll(() => heard).toEqual({ waiting: 100, answered: 50 })
    for (const run of due) run()
    expect(new Set((await Promise.all(reads)).map((oidc) => oidc?.issuer))).toEqual(new Set([idp.issuer]))
    expect(heard).toEqual({ waiting: 0, answered: 150 })
  })

  it("need never have answered: what is configured is told, and the rest as soon as it is known", async () => {
    const idp = await provider()
    idp.fail()
    const clock = { now: 0 }
    const oidc = { ...idp.oidc, tokenEndpoint: "https://proxy.example/token" }
    const discovery = loginDiscovery({ authEnabled: true, oidc, hooks: { now: () => clock.now } })
    const bare = { issuer: idp.issuer, token_endpoint: "https://proxy.example/token", client_id: "portcullis-cli", default_scopes: "openid profile" }
    expect(await discovery.read()).toEqual({ auth_enabled: true, oidc: bare })
    idp.recover()
    expect(await discovery.read()).toEqual({ auth_enabled: true, oidc: bare })
    expect(idp.asked()).toBe(1)
    clock.now = 5_000
    expect((await discovery.read()).oidc).toMatchObject({ ...bare, device_authorization_endpoint: `${idp.issuer}/device` })
  })

  it("is not waited for longer than five seconds, nor by everybody", async () => {
    const waits: number[] = []
    const due: (() => void)[] = []
    const timers = {
      after(ms: number, run: () => void) {
        waits.push(ms)
        due.push(run)
        return () => {}
      },
    }
    const idp = await provider()
    const arrived = idp.stall()
    const discovery = loginDiscovery({ authEnabled: true, oidc: idp.oidc, hooks: { timers, now: () => 0 } })
    const reading = discovery.read()
    await arrived
    for (const run of due) run()
    expect((await reading).oidc).not.toHaveProperty("token_endpoint")
    await discovery.read()
    expect(Math.max(...waits)).toBe(5_000)
    expect(idp.asked()).toBe(1)
  })

  it.each([
    ["names another issuer", () => ({ issuer: "https://other.example", token_endpoint: "https://other.example/token" })],
    ["is no discovery document", () => ["token_endpoint"]],
  ])("is not believed when its document %s", async (_, document) => {
    const { oidc } = await provider(document)
    expect((await read(oidc)).oidc).not.toHaveProperty("token_endpoint")
  })

  it("is not asked on hosts that may not be asked", async () => {
    const { oidc, asked } = await provider()
    expect((await read({ ...oidc, allowedHosts: ["idp.example"] })).oidc).not.toHaveProperty("token_endpoint")
    expect(asked()).toBe(0)
  })
})

function read(oidc: Oidc) {
  return loginDiscovery({ authEnabled: true, oidc }).read()
}

const usual = ({ issuer }: { readonly issuer: string }): unknown => ({
  issuer,
  jwks_uri: `${issuer}/jwks`,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: "https://idp.example/token",
  device_authorization_endpoint: `${issuer}/device`,
  userinfo_endpoint: `${issuer}/me`,
  end_session_endpoint: `${issuer}/logout`,
})

/** An identity provider with nothing but a discovery document. */
async function provider(document: (idp: { readonly issuer: string }) => unknown = usual) {
  let requests = 0
  let mode: "answers" | "fails" | "stalls" = "answers"
  const arrivals = new EventEmitter()
  const server = createServer((incoming, outgoing) => {
    requests++
    if (mode === "stalls") return void arrivals.emit("request")
    if (mode === "fails" || incoming.url !== "/.well-known/openid-configuration") return void outgoing.writeHead(503).end()
    outgoing.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(document({ issuer })))
  }).listen(0, "127.0.0.1")
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, "listening")
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`
  return {
    issuer,
    oidc: { issuer, clientId: "portcullis-cli", defaultScopes: "openid profile" },
    asked: () => requests,
    fail: () => void (mode = "fails"),
    recover: () => void (mode = "answers"),
    /** @returns resolves when a request has come that will not be answered */
    stall() {
      mode = "stalls"
      return once(arrivals, "request")
    },
  }
}
