import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { request as askNode } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import type { AdmissionOptions, DecisionEvent } from "../../src/middleware/index.js"
import { inOptionNames } from "../../src/middleware/option-names.js"
import { startServer } from "../../src/server/index.js"
import { hostApps } from "../fixtures/host-apps.js"
import { middlewareWorld } from "../fixtures/middleware-world.js"
import { raw } from "../fixtures/test-server.js"
import type { TokenIssuer } from "../fixtures/token-issuer.js"

const models = "/workspaces/ml/models"

describe.each(Object.entries(hostApps))("the middleware for %s", (_name, start) => {
  /** A host with the world of the PDP's tests, and tokens of an issuer that it believes. */
  const host = async (options: Partial<AdmissionOptions>) => {
    const world = await middlewareWorld()
    return { ...world, ...(await start({ ...world.options, ...options })) }
  }

  it("lets in whom the policy allows, says who that is, and leaves the body to the host", async () => {
    const { url, ben } = await host({})
    const answer = await fetch(url + models, { method: "POST", body: "a model", headers: await ben() })
    expect(answer.status).toBe(200)
    expect(await parsed(answer)).toEqual({ id: "ben@example.com", proof: "verified_token", allowed: true, body: "a model" })
  })

  it("lets a large body through untouched", async () => {
    const body = "x".repeat(900_000)
    const { url, ben } = await host({})
    const answer = await fetch(url + models, { method: "POST", body, headers: await ben() })
    expect((await parsed(answer)).body).toBe(body)
  })

  it("answers whom the policy denies, as the sidecar does", async () => {
    const { url, reached, pdp, ann } = await host({})
    const answer = await fetch(url + models, { method: "POST", body: "a model", headers: await ann() })
    expect(answer.status).toBe(403)
    expect(await parsed(answer)).toEqual({
      detail: expect.stringContaining("models.create"),
      code: "role_insufficient",
      reasons: ["role_insufficient"],
      workspace: "ml",
      missing_permissions: ["models.create"],
      required_scopes: ["platform:write"],
      decision_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-should-retry": "false",
      "x-portcullis-revision": pdp.revision(),
    })
    expect(reached).toEqual([])
  })

  it("names the scopes that are missing in the challenge, too", async () => {
    const { url, ann } = await host({})
    const answer = await fetch(url + models, { headers: await ann({ scope: "other:read" }) })
    expect([answer.status, (await parsed(answer)).code]).toEqual([403, "scope_missing"])
    expect(answer.headers.get("www-authenticate")).toBe('Bearer error="insufficient_scope", scope="platform:read"')
  })

  it("asks nobody for credentials, and lets nobody in where the policy is open to everybody", async () => {
    const { url } = await host({})
    const denied = await fetch(url + models)
    expect([denied.status, (await parsed(denied)).code]).toEqual([401, "no_credentials"])
    expect(Object.fromEntries(denied.headers)).toMatchObject({ "www-authenticate": "Bearer", "cache-control": "no-store", "x-should-retry": "false" })
    const open = await fetch(`${url}/health`)
    expect(await parsed(open)).toEqual({ id: "", proof: "none", allowed: true, body: "" })
  })

  it.each([
    ["token_malformed", () => "Bearer ann@example.com"],
    ["token_malformed", () => "Basic YW5uOmFubg=="],
    ["token_expired", async (issuer: TokenIssuer) => `Bearer ${await issuer.token("ann@example.com", { exp: 1_000 })}`],
    ["token_not_yet_valid", async (issuer: TokenIssuer) => `Bearer ${await issuer.token("ann@example.com", { nbf: 9_999_999_999 })}`],
    ["issuer_mismatch", async (issuer: TokenIssuer) => `Bearer ${await issuer.token("ann@example.com", { iss: "https://elsewhere.example" })}`],
    ["audience_mismatch", async (issuer: TokenIssuer) => `Bearer ${await issuer.token("ann@example.com", { aud: "another" })}`],
    ["signature_invalid", async (issuer: TokenIssuer) => `Bearer ${(await issuer.token("ann@example.com")).replace(/[^.]{8}$/, "AAAAAAAA")}`],
    ["subject_reserved", async (issuer: TokenIssuer) => `Bearer ${await issuer.token("service:indexer")}`],
    ["unsigned_rejected", (issuer: TokenIssuer) => `Bearer ${issuer.unsigned("ann@example.com")}`],
  ] as const)("answers the cause %s, word for word as the sidecar does, but for the names of options", async (code, authorization) => {
    const { url, reached, issuer, pdp, options } = await host({})
    const sidecar = await startServer({ pdp, listen: { host: "127.0.0.1", port: 0 }, authentication: options.authentication })
    onTestFinished(() => sidecar.close(0))
    const headers = { Authorization: await authorization(issuer) }
    const answer = await fetch(url + models, { headers })
    const theirs = await fetch(`${sidecar.url}/apis/auth/authenticate`, { headers })
    const body = await parsed(answer)
    expect([answer.status, body.code]).toEqual([401, code])
    expect(answer.headers.get("www-authenticate")).toContain(`Bearer error="invalid_token", error_description="${code}:`)
    const told = ["content-type", "www-authenticate", "x-should-retry", "retry-after"]
    expect(told.map((name) => answer.headers.get(name))).toEqual(told.map((name) => theirs.headers.get(name)))
    const their = await parsed(theirs)
    expect([answer.status, body]).toEqual([theirs.status, { ...their, detail: inOptionNames(String(their["detail"])) }])
    expect(reached).toEqual([])
  })

  it("answers 503 when the keys of the issuer cannot be had", async () => {
    const world = await middlewareWorld()
    const { issuer, ann } = world
    issuer.break()
    for (const [jwksCooldownSeconds, retryAfter] of [
      [undefined, "5"],
      [0, "1"],
      [12.5, "13"],
    ] as const) {
      const { url } = await start({ ...world.options, authentication: { ...world.options.authentication, jwksCooldownSeconds } })
      const answer = await fetch(url + models, { headers: await ann() })
      expect([answer.status, (await parsed(answer)).code, answer.headers.get("retry-after")]).toEqual([503, "idp_unavailable", retryAfter])
    }
  })

  it("believes no principal header, not of this machine either, unless the peer is listed", async () => {
    const headers = { "X-NMP-Principal-Id": "ann@example.com" }
    const unlisted = await host({})
    const refused = await fetch(unlisted.url + models, { headers })
    expect([refused.status, (await parsed(refused)).code]).toEqual([401, "principal_header_rejected"])
    const listed = await host({ peers: { trustedPeers: ["loopback"] } })
    expect(await parsed(await fetch(listed.url + models, { headers }))).toMatchObject({ id: "ann@example.com", proof: "principal_headers" })
    const forwarded = await fetch(listed.url + models, { headers: { ...headers, "X-Forwarded-For": "10.0.0.1" } })
    expect(forwarded.status).toBe(401)
  })

  it("knows peers on a UNIX domain socket", async () => {
    const status = async (trustedPeers: readonly string[]): Promise<number | undefined> => {
      const { server } = await host({ peers: { trustedPeers } })
      const socketPath = join(temporaryFolder(), "host.sock")
      await new Promise((resolve) => server.close(resolve))
      await new Promise<void>((resolve) => server.listen(socketPath, resolve))
      const request = askNode({ socketPath, path: models, headers: { "X-NMP-Principal-Id": "ann@example.com" } }).end()
      const [answer] = await once(request, "response")
      return answer.statusCode
    }
    expect(await status(["unix"])).toBe(200)
    expect(await status(["loopback"])).toBe(401)
  })

  it("ignores the principal header of an unlisted peer beside a token", async () => {
    const { url, ann } = await host({})
    const answer = await fetch(url + models, { headers: { ...(await ann()), "X-NMP-Principal-Id": "root@example.com" } })
    expect(await parsed(answer)).toMatchObject({ id: "ann@example.com" })
  })

  it("refuses credentials that contradict each other, or come twice", async () => {
    const { url, port, ann } = await host({ peers: { trustedPeers: ["loopback"] } })
    const answer = await fetch(url + models, { headers: { ...(await ann()), "X-NMP-Principal-Id": "root@example.com" } })
    expect([answer.status, (await parsed(answer)).code]).toEqual([400, "principal_mismatch"])
    const twice = "X-NMP-Principal-Id: ann\r\nX-NMP-Principal-Id: root@example.com\r\n"
    expect(await rawStatus(port, "GET", models, twice)).toBe(400)
  })

  it.each([
    models,
    `${models}?a=/../b//%2F`,
    `${models}/`,
    `/${models}`,
    "//workspaces/ml/models",
    "/workspaces//models",
    "/workspaces/ml/./models",
    "/workspaces/ml/models/../models",
    "/workspaces/other/%2e%2e/ml/models",
    "/workspaces/ml/%2E/models",
    "/workspaces/ml%2Fmodels",
    "/workspaces/ml/models/a%2Fb",
    "/workspaces/ml/models/a%20b",
    "/workspaces/ml/models/%61",
    "/workspaces/%6dl/models",
    "/workspaces/ml/models/a%",
    "/workspaces/ml/models/a%zz",
    "/workspaces/ml/models/a;b",
    "/workspaces/ml/models/a%00",
    "/workspaces/ml/models/a#b",
    "/workspaces/ml\\models",
    "/workspaces/ml/models/a\\..\\b",
    "/WORKSPACES/ml/models",
    "http://127.0.0.1/workspaces/ml/models",
    "*",
    "/health/../workspaces/ml/models",
    "/health",
    "/health?x",
    "/health/",
  ])("decides on the bytes that came: %s", async (target) => {
    const { port, pdp, reached, ann } = await host({})
    const { allowed } = pdp.authorize({ principal: { id: "ann@example.com" }, method: "GET", path: target })
    const status = await rawStatus(port, "GET", target, `Authorization: ${(await ann()).Authorization}\r\n`)
    expect(status === 200).toBe(allowed)
    if (!allowed) expect(status).toBeGreaterThanOrEqual(400)
    expect(reached).toHaveLength(allowed ? 1 : 0)
  })

  it.each(["HEAD", "OPTIONS", "PUT", "TRACE"])("decides on the method %s as it came", async (method) => {
    const { port, pdp, reached, ann } = await host({})
    const { allowed } = pdp.authorize({ principal: { id: "ann@example.com" }, method, path: models })
    const status = await rawStatus(port, method, models, `Authorization: ${(await ann()).Authorization}\r\n`)
    expect([status, reached.length]).toEqual(allowed ? [200, 1] : [403, 0])
  })

  it("asks nothing on open paths, and opens nothing that routers could read in two ways", async () => {
    const { url, port, reached } = await host({ open: ["/login"] })
    expect(await parsed(await fetch(`${url}/login?next=/`, { headers: { Authorization: "nonsense" } }))).toEqual({ body: "" })
    for (const target of ["/login/", "//login", "/x/../login", "/%6cogin", "/login/../workspaces/ml/models"])
      expect(await rawStatus(port, "GET", target)).not.toBe(200)
    expect(reached).toHaveLength(1)
  })

  it("lets a function say what is open", async () => {
    const { url } = await host({ open: (method, path) => method === "GET" && path.startsWith("/public/") })
    expect((await fetch(`${url}/public/a?b`)).status).toBe(200)
    expect((await fetch(`${url}/public/a`, { method: "POST" })).status).toBe(401)
  })

  it("waits for the revision that a trusted peer asks for, and tells others at once that it is too early", async () => {
    const trusted = await host({ peers: { trustedPeers: ["loopback"] }, atLeastSeconds: 30 })
    const headers = { "X-NMP-Principal-Id": "cleo@example.com", "X-Portcullis-At-Least": nextRevision(trusted.pdp.revision()) }
    const waiting = fetch(trusted.url + models, { headers })
    trusted.source.add({ principal: "cleo@example.com", workspace: "ml", role: "Viewer" })
    expect((await waiting).status).toBe(200)

    const untrusted = await host({ atLeastSeconds: 30 })
    const answer = await fetch(untrusted.url + models, {
      headers: { ...(await untrusted.ann()), "X-Portcullis-At-Least": nextRevision(untrusted.pdp.revision()) },
    })
    expect([answer.status, (await parsed(answer)).code]).toEqual([503, "revision_timeout"])
  })

  it("lets nobody in when the PDP is closed", async () => {
    const { url, pdp, reached, ann } = await host({})
    await pdp.close()
    const answer = await fetch(url + models, { headers: await ann() })
    expect([answer.status, (await parsed(answer)).code]).toEqual([503, "closed"])
    expect(reached).toEqual([])
  })

  it("lets nobody in when deciding fails inside, and tells the host why", async () => {
    const events: DecisionEvent[] = []
    const fault = new Error("secret inside")
    const pdp = { authorize: () => raise(fault), explain: () => raise(fault), atLeast: async () => {} }
    const { url, reached, ann } = await host({ pdp, onDecision: (event) => void events.push(event) })
    const answer = await fetch(url + models, { headers: await ann() })
    const body = await parsed(answer)
    expect([answer.status, body.code]).toEqual([500, "internal"])
    expect(JSON.stringify(body)).not.toContain("secret")
    expect(events).toMatchObject([{ path: models, refusal: { status: 500, error: fault, decisionId: body.decision_id } }])
    expect(reached).toEqual([])
  })

  it("writes nothing to a caller who is gone, and does not reach the host", async () => {
    const waited = deferred<AbortSignal | undefined>()
    const decided = deferred<void>()
    const { pdp } = await middlewareWorld()
    const atLeast: AdmissionOptions["pdp"]["atLeast"] = (_revision, options) => {
      waited.resolve(options?.signal)
      return decided.promise
    }
    const { url, reached } = await host({ peers: { trustedPeers: ["loopback"] }, pdp: { authorize: pdp.authorize, explain: pdp.explain, atLeast } })
    const request = askNode(url + models, { headers: { "X-NMP-Principal-Id": "ann@example.com", "X-Portcullis-At-Least": "00000001.9" } })
    request.on("error", () => {})
    request.end()
    const signal = await waited.promise
    request.destroy()
    await new Promise((resolve) => signal?.addEventListener("abort", resolve))
    decided.resolve()
    await new Promise(setImmediate)
    expect(reached).toEqual([])
  })
})

async function rawStatus(port: number, method: string, target: string, headers = ""): Promise<number> {
  const answer = await raw(port, `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${headers}\r\n`)
  expect(answer.match(/^HTTP\/1\.1 /gm)).toHaveLength(1)
  return Number(answer.split(" ")[1])
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-host-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The revision after the one that decides. */
function nextRevision(revision: string): string {
  const [epoch = "", sequence] = revision.split(".")
  return `${epoch}.${Number(sequence) + 1}`
}

function deferred<Value>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {}
  const promise = new Promise<Value>((settle) => (resolve = settle))
  return { promise, resolve }
}

async function parsed(answer: Response) {
  return JSON.parse(await answer.text())
}

function raise(fault: Error): never {
  throw fault
}
