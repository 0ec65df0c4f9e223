import { spawn } from "node:child_process"
import { once } from "node:events"
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose"
import { describe, expect, it, onTestFinished } from "vitest"
import { z } from "zod"
import { root } from "../fixtures/sidecar.js"
import { startTestIdp, type TestIdp } from "../fixtures/idp.js"

const scope = "openid profile email offline_access platform:read platform:write"
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

describe("the device flow of the test IdP", () => {
  it("is pending until a person approves; the token is one that its JWKS verifies", async () => {
    const idp = await startTestIdp()
    const device = await begin(idp)
    expect(await poll(idp, device)).toMatchObject({ status: 400, body: { error: "authorization_pending" } })
    await idp.approve(device.verification_uri_complete, "ann@example.com")
    const { body } = await poll(idp, device)
    const { payload, protectedHeader } = await verified(idp, body["access_token"])
    expect(protectedHeader).toMatchObject({ alg: "RS256", typ: "at+jwt" })
    expect(payload).toMatchObject({
      sub: "idp-ann",
      email: "ann@example.com",
      email_verified: true,
      upn: "ann@example.com",
      groups: ["ops", "ml"],
      scope,
    })
    expect(body).toMatchObject({ token_type: "Bearer", scope, refresh_token: expect.any(String), id_token: expect.any(String) })
  })

  it("tells a device that asks too often to slow down", async () => {
    const idp = await startTestIdp({ isTooSoon: (milliseconds) => milliseconds < 5000 })
    const device = await begin(idp)
    expect(device.interval).toBe(1)
    expect((await poll(idp, device)).body["error"]).toBe("authorization_pending")
    expect((await poll(idp, device)).body["error"]).toBe("slow_down")
  })

  it("ends when the person denies, or when the code expires", async () => {
    const idp = await startTestIdp()
    const [denied, expired] = [await begin(idp), await begin(idp)]
    await idp.approve(denied.user_code, "ann@example.com", { deny: true })
    expect((await poll(idp, denied)).body["error"]).toBe("access_denied")
    idp.expire("DeviceCode")
    expect((await poll(idp, expired)).body["error"]).toBe("expired_token")
  })

  it("wants the right password, and each code once", async () => {
    const idp = await startTestIdp()
    const { user_code } = await begin(idp)
    await expect(idp.approve(user_code, "ann@example.com", { password: "guess" })).rejects.toThrow("403")
    await idp.approve(user_code, "ann@example.com")
    await expect(idp.approve(user_code, "ben@example.com")).rejects.toThrow("409")
    await expect(idp.approve("BBBB-BBBB", "ben@example.com")).rejects.toThrow("404")
  })

  it.each([
    ["a client that is not known", { client_id: "nobody" }, 401, "invalid_client"],
    ["a client that may not use it", { client_id: "no-device" }, 400, "unauthorized_client"],
    ["a scope that is not known", { scope: "openid platform:admin" }, 400, "invalid_scope"],
  ])("is refused to %s", async (_what, form, status, error) => {
    const idp = await startTestIdp()
    expect(await post(idp, "/device/auth", { client_id: "portcullis-cli", scope, ...form })).toMatchObject({ status, body: { error } })
  })

  it("grants fewer scopes than were asked for when it is told to", async () => {
    const idp = await startTestIdp()
    idp.configure({ narrow: ["platform:read"] })
    const device = await begin(idp)
    await idp.approve(device.user_code, "ann@example.com")
    expect((await poll(idp, device)).body["scope"]).toBe("openid profile email offline_access platform:read")
  })
})

describe("the test IdP", () => {
  it("takes a name and a password", async () => {
    const idp = await startTestIdp({ algorithm: "ES256" })
    const { body } = await password(idp, "upn-only", "upn-only")
    const { payload, protectedHeader } = await verified(idp, body["access_token"])
    expect(protectedHeader.alg).toBe("ES256")
    expect(payload).toMatchObject({ sub: "idp-carl", upn: "Carl@Example.com" })
    expect(payload).not.toHaveProperty("email")
    expect(await password(idp, "upn-only", "wrong")).toMatchObject({ status: 400, body: { error: "invalid_grant" } })
  })

  it("rotates refresh tokens: a used one ends the login", async () => {
    const idp = await startTestIdp()
    const first = await password(idp, "ann@example.com", "ann@example.com")
    const second = await refresh(idp, first.body["refresh_token"])
    expect(second).toMatchObject({ status: 200, body: { scope } })
    expect(second.body["refresh_token"]).not.toBe(first.body["refresh_token"])
    expect(await refresh(idp, first.body["refresh_token"])).toMatchObject({ status: 400, body: { error: "invalid_grant" } })
    expect(await refresh(idp, second.body["refresh_token"])).toMatchObject({ status: 400, body: { error: "invalid_grant" } })
  })

  it("issues short-lived tokens to the client of that name, and expires refresh tokens on demand", async () => {
    const idp = await startTestIdp()
    const { body } = await password(idp, "ann@example.com", "ann@example.com", { client_id: "short-lived" })
    expect(body["expires_in"]).toBe(5)
    idp.expire("RefreshToken")
    expect((await refresh(idp, body["refresh_token"], "short-lived")).body["error"]).toBe("invalid_grant")
  })

  it("puts a prefix before the platform's scopes when it is told to", async () => {
    const idp = await startTestIdp({ scopePrefix: "api://portcullis/" })
    const asked = "openid api://portcullis/platform:read"
    expect((await password(idp, "ann@example.com", "ann@example.com", { scope: asked })).body["scope"]).toBe(asked)
    expect((await password(idp, "ann@example.com", "ann@example.com", { scope: "openid platform:read" })).body["error"]).toBe("invalid_scope")
  })

  it("rotates its keys, and keeps the old ones in its JWKS or not", async () => {
    const idp = await startTestIdp()
    const token = await idp.token("ann@example.com")
    await idp.rotateKeys()
    await verified(idp, token)
    const { body } = await password(idp, "ann@example.com", "ann@example.com")
    expect(decodeProtectedHeader(String(body["access_token"])).kid).not.toBe(decodeProtectedHeader(token).kid)
    await idp.rotateKeys({ keepOld: false })
    await expect(verified(idp, token)).rejects.toMatchObject({ code: "ERR_JWKS_NO_MATCHING_KEY" })
  })

  it("mints tokens to order", async () => {
    const idp = await startTestIdp()
    const token = await idp.token("ann@example.com", { algorithm: "ES256", scopes: ["platform:read"], claims: { email: undefined, nonce: "1" } })
    const { payload } = await verified(idp, token)
    expect(payload).toMatchObject({ sub: "idp-ann", scope: "platform:read", nonce: "1" })
    expect(payload).not.toHaveProperty("email")
    await expect(verified(idp, await idp.token("ann@example.com", { signedBy: "foreign" }))).rejects.toMatchObject({
      code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    })
    await expect(verified(idp, await idp.token("ann@example.com", { expiresInSeconds: -10 }))).rejects.toMatchObject({ code: "ERR_JWT_EXPIRED" })
  })

  it("goes down and comes back on its port with what it knew", async () => {
    const idp = await startTestIdp()
    const device = await begin(idp)
    await idp.goDown()
    await expect(fetch(`${idp.issuer}/jwks`)).rejects.toThrow("fetch failed")
    await idp.comeBack()
    expect((await poll(idp, device)).body["error"]).toBe("authorization_pending")
    expect(idp.requests("/token")).toBe(1)
  })

  it("misbehaves when it is told to", async () => {
    const idp = await startTestIdp()
    const jwks = () => fetch(`${idp.issuer}/jwks`, { redirect: "manual" })
    idp.configure({ jwks: "huge", clockAheadSeconds: 600 })
    const huge = await jwks()
    expect((await huge.text()).length).toBeGreaterThan(4_000_000)
    expect(Date.parse(huge.headers.get("Date") ?? "") - Date.now()).toBeGreaterThan(590_000)
    idp.configure({ jwks: "redirect" })
    expect((await jwks()).status).toBe(302)
    idp.configure({ jwks: "slow" })
    const held = jwks()
    await expect.poll(() => idp.requests("/jwks")).toBe(3)
    idp.configure({ jwks: "ok" })
    await expect(held).rejects.toThrow("fetch failed")
    expect((await jwks()).status).toBe(200)
  })
})

describe("node examples/idp/idp.mjs", () => {
  it("says where it is and ends with code 0, having written nothing else", async () => {
    const idp = spawn(process.execPath, ["examples/idp/idp.mjs", "--port", "0"], { cwd: root })
    onTestFinished(() => void idp.kill("SIGKILL"))
    const text = { out: "", err: "" }
    idp.stdout.on("data", (chunk) => (text.out += chunk))
    idp.stderr.on("data", (chunk) => (text.err += chunk))
    await once(idp.stdout, "data")
    const [, issuer = ""] = /identity provider (http:\S+)/.exec(text.out) ?? []
    expect((await fetch(`${issuer}/.well-known/openid-configuration`)).status).toBe(200)
    idp.kill("SIGTERM")
    expect(await once(idp, "close")).toEqual([0, null])
    expect(text.err).toBe("")
  })
})

const Device = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri_complete: z.string(),
  interval: z.number(),
})

async function begin(idp: TestIdp): Promise<z.infer<typeof Device>> {
  return Device.parse((await post(idp, "/device/auth", { client_id: "portcullis-cli", scope })).body)
}

function poll(idp: TestIdp, device: z.infer<typeof Device>) {
  return post(idp, "/token", { client_id: "portcullis-cli", grant_type: deviceGrant, device_code: device.device_code })
}

function password(idp: TestIdp, username: string, secret: string, form: Readonly<Record<string, string>> = {}) {
  return post(idp, "/token", { client_id: "portcullis-cli", grant_type: "password", username, password: secret, scope, ...form })
}

function refresh(idp: TestIdp, token: unknown, client = "portcullis-cli") {
  return post(idp, "/token", { client_id: client, grant_type: "refresh_token", refresh_token: String(token) })
}

async function post(idp: TestIdp, path: string, form: Readonly<Record<string, string>>) {
  const answer = await fetch(`${idp.issuer}${path}`, { method: "POST", body: new URLSearchParams(form) })
  return { status: answer.status, body: z.record(z.string(), z.unknown()).parse(await answer.json()) }
}

function verified(idp: TestIdp, token: unknown) {
  const keys = createRemoteJWKSet(new URL(`${idp.issuer}/jwks`))
  return jwtVerify(String(token), keys, { issuer: idp.issuer, audience: "portcullis" })
}
