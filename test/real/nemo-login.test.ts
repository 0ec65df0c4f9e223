import { UnsecuredJWT } from "jose"
import { describe, expect, it } from "vitest"
import type { Profile } from "../../src/index.js"
import { startTestIdp, type TestIdp } from "../fixtures/idp.js"
import { believing, nemoSidecar, nemoWith, newNemo, type Nemo, type NemoResult } from "../fixtures/nemo.js"

const [ann, ben] = ["ann@example.com", "ben@example.com"]

/** `nemo auth login` by password. */
function passwordLogin(nemo: Nemo, url: string, account: string, ...flags: readonly string[]): Promise<NemoResult> {
  return nemo("auth", "login", "--base-url", url, "--username", account, "--password", account, ...flags)
}

/** `nemo auth login` by device flow: while it waits, a person goes to the page that it names and types the code that it shows. */
async function deviceLogin(nemo: Nemo, url: string, idp: TestIdp, account: string, how: { readonly deny?: boolean } = {}): Promise<NemoResult> {
  const login = nemo("auth", "login", "--base-url", url, "--no-browser")
  const [, page, code = ""] = await login.printed(/Visit: (\S+)[^]*Enter code: (\S+)/)
  expect(page).toBe(`${idp.issuer}/device`)
  await idp.approve(code, account, how)
  return login
}

/** What the sidecar says itself to a token, which `nemo` does not show in full. */
async function verdict(url: string, token: string): Promise<unknown> {
  const { status, headers } = await fetch(`${url}/apis/entities/v2/workspaces`, { headers: { authorization: `Bearer ${token.trim()}` } })
  return [status, headers.get("www-authenticate")?.replace(/: .*/, "")]
}

/** `nemo auth refresh` asks for the default scopes of the discovery document, whatever the login asked for. RFC 6749 section 6 lets nobody ask for more. */
const narrowAfterRefresh = {
  hardened: { code: 1, scope: "openid profile email offline_access platform:read" },
  nemo: { code: 0, scope: "openid profile email offline_access" },
} as const satisfies Readonly<Record<Profile, unknown>>

describe.each<Profile>(["hardened", "nemo"])("nemo logs in with an identity provider (%s profile)", (profile) => {
  it("by password, works as that person, refreshes, and is nobody after the logout", async () => {
    const idp = await startTestIdp()
    const url = await nemoSidecar(profile, believing(idp))
    const nemo = newNemo()
    const login = await passwordLogin(nemo, url, ann)
    expect(login).toMatchObject({ code: 0, err: "", out: expect.stringMatching(/Logged in as: ann@example\.com[^]*Refresh token: saved/) })
    const [status, token] = await Promise.all([nemo("auth", "status"), nemo("auth", "token")])
    expect(status.out).toMatch(/ Email +│ ann@example\.com [^]* User ID +│ idp-ann [^]* Groups +│ ops, ml [^]* Refresh Token +│ available /)

    const created = await nemo("workspaces", "create", "ml-team")
    expect(JSON.parse(created.out)).toMatchObject({ name: "ml-team", created_by: ann, propagated: true })
    expect(await nemo("auth", "refresh")).toMatchObject({ code: 0, out: expect.stringContaining("Token refreshed successfully!") })
    const [listed, fresh] = await Promise.all([nemo("workspaces", "list", "-f", "csv"), nemo("auth", "token")])
    expect(listed.out).toMatch(/^ml-team,/m)
    expect(fresh.out).not.toBe(token.out)

    expect(await nemo("auth", "logout")).toMatchObject({ code: 0, out: expect.stringContaining("Logged out successfully.") })
    const [after, nobody] = await Promise.all([nemo("auth", "status"), nemo("workspaces", "get", "ml-team")])
    expect(after.out).toMatch(/ Auth Type +│ no-auth /)
    expect(nobody).toMatchObject({ code: 3, out: "", err: expect.stringMatching(/^Authentication error: \(401\) GET \S+ needs a principal;/) })
  })

  it("by a code that a person approves; as a Viewer it reads and does not write", async () => {
    const idp = await startTestIdp()
    const url = await nemoSidecar(profile, believing(idp))
    const [asAnn, asBen] = [nemoWith(url, await idp.token(ann), "ml-team"), newNemo()]
    const invited = asAnn("workspaces", "create", "ml-team").then(() =>
      asAnn("workspaces", "members", "create", "--principal", ben, "--roles", "Viewer"),
    )
    const login = await deviceLogin(asBen, url, idp, ben)
    expect(login).toMatchObject({ code: 0, err: "", out: expect.stringMatching(/Logged in as: ben@example\.com[^]*Refresh token: saved/) })
    expect(JSON.parse((await invited).out)).toMatchObject({ principal: ben, granted_by: ann })

    const [read, written] = await Promise.all([
      asBen("workspaces", "get", "ml-team"),
      asBen("workspaces", "members", "create", "--workspace", "ml-team", "--principal", "eve@example.com"),
    ])
    expect(JSON.parse(read.out)).toMatchObject({ name: "ml-team", created_by: ann })
    expect(written).toMatchObject({ code: 3, err: expect.stringMatching(/^Permission denied: \(403\) .* is denied: role_insufficient; /) })
  })

  it("for some scopes only, and is denied what they do not cover", async () => {
    const idp = await startTestIdp()
    const url = await nemoSidecar(profile, believing(idp))
    const nemo = newNemo()
    const login = await passwordLogin(nemo, url, ann, "--scope", "platform:read")
    expect(login.out).toContain("Granted scopes: openid profile email offline_access platform:read\n")
    const [read, written] = await Promise.all([nemo("workspaces", "list", "-f", "csv"), nemo("workspaces", "create", "ml-team")])
    expect(read).toMatchObject({ code: 0, out: expect.stringMatching(/^system,/m) })
    expect(written).toMatchObject({ code: 3, out: "", err: expect.stringMatching(/^Permission denied: \(403\) .* is denied: scope_missing; /) })

    const refreshed = await nemo("auth", "refresh")
    const { scope } = JSON.parse((await nemo("auth", "token", "--decode")).out)
    expect({ code: refreshed.code, scope }).toEqual(narrowAfterRefresh[profile])
  })
})

describe("a login of nemo", () => {
  it("is renewed by itself before it expires, each time by the refresh token of the last", async () => {
    const idp = await startTestIdp({ accessTokenSeconds: 50 })
    const url = await nemoSidecar("hardened", believing(idp))
    const nemo = newNemo()
    expect((await passwordLogin(nemo, url, ann)).code).toBe(0)
    for (const call of ["create", "get"]) {
      const before = idp.requests("/token")
      expect((await nemo("workspaces", call, "ml-team")).code).toBe(0)
      expect(idp.requests("/token")).toBeGreaterThan(before)
    }
  })

  it("asks for scopes with a prefix, to which it adds a slash, and is believed them without", async () => {
    const idp = await startTestIdp({ scopePrefix: "api://portcullis/" })
    const url = await nemoSidecar("hardened", { ...believing(idp), PORTCULLIS_AUTH__OIDC__SCOPE_PREFIX: "api://portcullis" })
    const nemo = newNemo()
    const login = await passwordLogin(nemo, url, ann)
    expect(login.out).toMatch(/platform:write \(api:\/\/portcullis\/platform:write\)[^]*Granted scopes: .* platform:read platform:write\n/)
    expect(JSON.parse((await nemo("workspaces", "create", "ml-team")).out)).toMatchObject({ created_by: ann })
  })

  it("shows why the sidecar does not believe its token", async () => {
    const idp = await startTestIdp()
    const url = await nemoSidecar("hardened", { ...believing(idp), PORTCULLIS_AUTH__OIDC__AUDIENCE: "payroll" })
    const nemo = newNemo()
    expect((await passwordLogin(nemo, url, ann)).code).toBe(0)
    const [refused, token] = await Promise.all([nemo("workspaces", "list"), nemo("auth", "token")])
    expect(refused).toMatchObject({ code: 3, out: "" })
    expect(refused.err).toMatch(/^Authentication error: \(401\) the token is not for the audience 'payroll'; .*auth\.oidc\.audience/)
    expect(await verdict(url, token.out)).toEqual([401, 'Bearer error="invalid_token", error_description="audience_mismatch'])
  })

  it("does not get by with a token that nobody vouches for", async () => {
    const idp = await startTestIdp()
    const url = await nemoSidecar("hardened", believing(idp))
    const tokens = {
      signature_invalid: await idp.token(ann, { signedBy: "foreign" }),
      issuer_mismatch: await idp.token(ann, { issuer: "https://idp.example" }),
      unsigned_rejected: new UnsecuredJWT({ email: ann, scope: "platform:read" }).setSubject(ann).encode(),
    }
    const tried = Object.entries(tokens).map(async ([reason, token]) => {
      const refused = await nemoWith(url, token, "system")("workspaces", "list")
      expect(refused).toMatchObject({ code: 3, out: "", err: expect.stringMatching(/^Authentication error: \(401\) /) })
      expect(await verdict(url, token)).toEqual([401, `Bearer error="invalid_token", error_description="${reason}`])
    })
    await Promise.all(tried)
  })

  it("fails, and leaves nothing behind, when the provider refuses", async () => {
    const idp = await startTestIdp()
    const url = await nemoSidecar("hardened", believing(idp))
    const fails = async (login: (nemo: Nemo) => Promise<NemoResult>, shown: string) => {
      const nemo = newNemo()
      expect(await login(nemo)).toMatchObject({ code: 1, err: expect.stringContaining(shown) })
      expect(await nemo("auth", "token")).toMatchObject({ code: 1, out: "" })
    }
    const to = ["auth", "login", "--base-url", url]
    await Promise.all([
      fails((nemo) => nemo(...to, "--username", ann, "--password", ann, "--scope", "models:read"), "invalid_scope"),
      fails((nemo) => nemo(...to, "--no-browser", "--scope", "models:read"), `Client error '400 Bad Request' for url '${idp.issuer}/device/auth'`),
      fails((nemo) => nemo(...to, "--username", ann, "--password", "wrong"), "invalid_grant"),
      fails((nemo) => nemo(...to, "--unsigned-token", "--email", ann), "Cluster has OIDC authentication configured."),
      fails((nemo) => deviceLogin(nemo, url, idp, ann, { deny: true }), "User denied authorization"),
    ])
  })

  it("fails when the provider grants less than it asked for", async () => {
    const idp = await startTestIdp()
    const url = await nemoSidecar("hardened", believing(idp))
    idp.configure({ narrow: ["platform:read"] })
    const login = await passwordLogin(newNemo(), url, ann)
    expect(login).toMatchObject({ code: 1, err: expect.stringContaining("Token is missing requested scopes: platform:write.\n") })
  })

  it("finds no place to log in while the provider cannot be asked", async () => {
    const idp = await startTestIdp()
    await idp.goDown()
    const url = await nemoSidecar("hardened", believing(idp))
    const nemo = newNemo()
    expect(await passwordLogin(nemo, url, ann)).toMatchObject({
      code: 1,
      err: expect.stringContaining("does not have OIDC token endpoint configured"),
    })
  })
})
