import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import {
  assertGranted,
  credentialStore,
  decodedToken,
  deviceLogin,
  freshAccessToken,
  passwordLogin,
  refreshLogin,
  requestedScopes,
  type DevicePrompt,
  type LoginProvider,
} from "../../src/login/index.js"
import { startTestIdp, type TestIdp } from "../fixtures/idp.js"

async function idpWithProvider(): Promise<{ readonly idp: TestIdp; readonly provider: LoginProvider }> {
  const idp = await startTestIdp()
  const answer = await fetch(`${idp.issuer}/.well-known/openid-configuration`)
  const metadata: { readonly token_endpoint: string; readonly device_authorization_endpoint: string } = JSON.parse(await answer.text())
  const { token_endpoint: tokenEndpoint, device_authorization_endpoint: deviceAuthorizationEndpoint } = metadata
  const defaultScopes = ["openid", "offline_access", "platform:read", "platform:write"]
  return { idp, provider: { issuer: idp.issuer, clientId: "portcullis-cli", tokenEndpoint, deviceAuthorizationEndpoint, defaultScopes } }
}

/** Approves, or denies, as soon as the code is shown. */
function person(idp: TestIdp, deny = false) {
  let done: Promise<void> | undefined
  return {
    onCode: ({ userCode }: DevicePrompt) => {
      done = idp.approve(userCode, "ann@example.com", { deny })
    },
    pause: async () => done,
  }
}

describe("with a whole IdP, a login", () => {
  it("by device code, refreshed from the store, is one of the same person with the same scopes", async () => {
    const { idp, provider } = await idpWithProvider()
    idp.configure({ slowDowns: 2 })
    const scopes = requestedScopes(provider)
    const tokens = await deviceLogin(provider, scopes, person(idp))
    assertGranted(provider, scopes, tokens)
    const folder = await mkdtemp(join(tmpdir(), "portcullis-login-"))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const store = credentialStore(folder)
    const { issuer, clientId, tokenEndpoint = "" } = provider
    await store.write("https://portcullis.example.com", { issuer, clientId, tokenEndpoint, tokens, scopes })
    const fresh = await freshAccessToken(store, "https://portcullis.example.com", { force: true })
    const [before, after] = [tokens.accessToken, fresh ?? ""].map((token) => decodedToken(token)?.claims)
    expect(fresh).not.toBe(tokens.accessToken)
    expect(after).toMatchObject({ iss: idp.issuer, sub: before?.["sub"], scope: before?.["scope"] })
  })

  it("that is denied in the browser says so", async () => {
    const { idp, provider } = await idpWithProvider()
    const login = deviceLogin(provider, requestedScopes(provider), person(idp, true))
    await expect(login).rejects.toMatchObject({ code: "ERR_UNAUTHENTICATED", reason: "access_denied" })
  })

  it("by password succeeds with the right one, and says when it is wrong", async () => {
    const { provider } = await idpWithProvider()
    const scopes = requestedScopes(provider, ["platform:read"])
    const tokens = await passwordLogin(provider, scopes, { username: "ben@example.com", password: "ben@example.com" })
    expect(decodedToken(tokens.accessToken)?.claims).toMatchObject({ email: "ben@example.com" })
    const wrong = passwordLogin(provider, scopes, { username: "ben@example.com", password: "wrong" })
    await expect(wrong).rejects.toMatchObject({ code: "ERR_UNAUTHENTICATED", reason: "invalid_credentials" })
  })

  it("with a refresh token that is none, an unknown client, or scopes that are not granted says which", async () => {
    const { idp, provider } = await idpWithProvider()
    await expect(refreshLogin(provider, "no-such-token")).rejects.toMatchObject({ reason: "refresh_expired" })
    const unknown = deviceLogin({ ...provider, clientId: "unknown" }, ["openid"], person(idp))
    await expect(unknown).rejects.toMatchObject({ reason: "client_mismatch" })
    idp.configure({ narrow: ["platform:read"] })
    const scopes = requestedScopes(provider)
    const tokens = await passwordLogin(provider, scopes, { username: "ann@example.com", password: "ann@example.com" })
    expect(() => assertGranted(provider, scopes, tokens)).toThrow(/platform:write/)
  })
})
