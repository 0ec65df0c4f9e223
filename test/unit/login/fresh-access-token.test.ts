import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { beforeEach, describe, expect, it, onTestFinished } from "vitest"
import { credentialStore, freshAccessToken, type CredentialStore, type FreshTokenOptions, type StoredLogin } from "../../../src/login/index.js"
import { scriptedIdp, type IdpScript } from "../../fixtures/scripted-idp.js"

const url = "https://portcullis.example.com"
const now = (): number => 1_000_000
const fresh: IdpScript = { body: { access_token: "access-2", token_type: "Bearer", expires_in: 3_600, refresh_token: "refresh-2" } }
const refused: IdpScript = { status: 400, body: { error: "invalid_grant" } }
const notNow: IdpScript = { status: 503, body: { error: "temporarily_unavailable" } }

let store: CredentialStore
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "portcullis-fresh-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  store = credentialStore(folder)
})

/** What comes of a login with so many seconds left, when the IdP answers so. */
async function tokenOf(
  secondsLeft: number | undefined,
  answers: readonly IdpScript[],
  options: FreshTokenOptions = {},
  more: Partial<StoredLogin["tokens"]> = {},
) {
  const idp = await scriptedIdp(...answers)
  const problems: unknown[] = []
  let refreshes = 0
  const hosts: string[] = []
  const login: StoredLogin = {
    issuer: "https://idp.example.com",
    clientId: "portcullis-cli",
    scopes: ["openid", "api://portcullis/platform:read"],
    scopePrefix: "api://portcullis",
    tokenEndpoint: `${idp.origin}/token`,
    tokens: {
      accessToken: "access-1",
      refreshToken: "refresh-1",
      scopes: ["platform:read"],
      ...(secondsLeft !== undefined && { expiresAt: now() + secondsLeft * 1_000 }),
      ...more,
    },
  }
  await store.write(url, login)
  const result = await freshAccessToken(store, url, {
    now,
    onRefresh: (_, host) => {
      refreshes++
      hosts.push(`${host} after ${idp.asked.length}`)
    },
    onProblem: (problem) => problems.push(problem),
    ...options,
  }).then(
    (token) => ({ token }),
    (error: unknown) => ({ error }),
  )
  return { idp, login, problems, refreshes, hosts, ...result }
}

describe("the access token of a login", () => {
  it("is refreshed at a host that is named before the refresh token goes there", async () => {
    const { idp, hosts } = await tokenOf(10, [fresh])
    expect(hosts).toEqual([`${new URL(idp.origin).host} after 0`])
  })

  it("is none without a login", async () => {
    expect(await freshAccessToken(store, url)).toBeUndefined()
  })

  it.each([
    [301, {}],
    [undefined, {}],
    [61, { refreshBeforeSeconds: 60 }],
  ])("is the stored one with %s seconds left and %j", async (left, options) => {
    const done = await tokenOf(left, [fresh], options)
    expect(done).toMatchObject({ token: "access-1", refreshes: 0, idp: { asked: [] } })
  })

  it.each([
    [299, {}],
    [0, {}],
    [-1_000, {}],
    [59, { refreshBeforeSeconds: 60 }],
    [3_600, { force: true }],
    [undefined, { force: true }],
  ])("is a new one with %s seconds left and %j", async (left, options) => {
    const done = await tokenOf(left, [fresh], options)
    expect(done).toMatchObject({ token: "access-2", refreshes: 1, problems: [] })
    expect(done.idp.asked.map(({ form }) => form)).toEqual([
      { grant_type: "refresh_token", client_id: "portcullis-cli", refresh_token: "refresh-1", scope: "openid api://portcullis/platform:read" },
    ])
    expect(await store.read(url)).toEqual({
      ...done.login,
      tokens: { accessToken: "access-2", refreshToken: "refresh-2", expiresAt: now() + 3_600_000, scopes: ["platform:read"] },
    })
  })

  it("is refreshed once for many who ask at once", async () => {
    const first = await tokenOf(3_600, [fresh])
    await store.write(url, { ...first.login, tokens: { ...first.login.tokens, expiresAt: now() } })
    const stores = Array.from({ length: 6 }, () => credentialStore(join(store.file, "..")))
    expect(await Promise.all(stores.map((one) => freshAccessToken(one, url, { now })))).toEqual(stores.map(() => "access-2"))
    expect(first.idp.asked).toHaveLength(1)
  })

  it("keeps the refresh token that the IdP does not replace", async () => {
    await tokenOf(0, [{ body: { access_token: "access-2", token_type: "Bearer" } }])
    expect((await store.read(url))?.tokens).toEqual({ accessToken: "access-2", refreshToken: "refresh-1", scopes: ["platform:read"] })
  })

  it.each([
    ["does not answer", "drop", "ERR_IDP_UNAVAILABLE"],
    ["cannot now", notNow, "ERR_IDP_UNAVAILABLE"],
    ["refuses", refused, "ERR_UNAUTHENTICATED"],
  ] as const)("stays the stored one while that is good and the IdP %s", async (_, answer, code) => {
    const done = await tokenOf(100, [answer])
    expect(done).toMatchObject({ token: "access-1", problems: [{ code }] })
    expect(await freshAccessToken(store, url, { now })).toBe("access-1")
  })

  it.each([
    ["does not answer", "drop", { code: "ERR_IDP_UNAVAILABLE" }],
    ["cannot now", notNow, { code: "ERR_IDP_UNAVAILABLE" }],
    ["refuses", refused, { code: "ERR_UNAUTHENTICATED", reason: "login_expired", details: { error: "invalid_grant" } }],
    ["does not know the client", { status: 401, body: { error: "invalid_client" } }, { code: "ERR_UNAUTHENTICATED", reason: "client_mismatch" }],
  ] as const)("is an error when it has expired and the IdP %s", async (_, answer, error) => {
    const done = await tokenOf(-1, [answer])
    expect(done).toMatchObject({ error, problems: [] })
    expect(await store.read(url)).toEqual(done.login)
  })

  it("is an error when a refresh is demanded and does not succeed, whatever is left", async () => {
    expect(await tokenOf(3_600, [refused], { force: true })).toMatchObject({ error: { reason: "refresh_expired" } })
    expect(await tokenOf(3_600, [notNow], { force: true })).toMatchObject({ error: { code: "ERR_IDP_UNAVAILABLE" } })
  })

  it("cannot be renewed without a refresh token: it is good until it ends, then a login is due", async () => {
    const { refreshToken: _, ...tokens } = (await tokenOf(100, [fresh])).login.tokens
    const withoutRefresh = async (secondsLeft: number, options: FreshTokenOptions = {}) => {
      const login = await store.read(url)
      if (login) await store.write(url, { ...login, tokens: { ...tokens, expiresAt: now() + secondsLeft * 1_000 } })
      return freshAccessToken(store, url, { now, ...options })
    }
    expect(await withoutRefresh(100)).toBe("access-1")
    await expect(withoutRefresh(-1)).rejects.toMatchObject({ code: "ERR_UNAUTHENTICATED", reason: "login_expired" })
    await expect(withoutRefresh(100, { force: true })).rejects.toMatchObject({ code: "ERR_UNAUTHENTICATED", reason: "refresh_expired" })
  })

  it("cannot be renewed where nobody knows the token endpoint", async () => {
    const tokens = { accessToken: "access-1", refreshToken: "refresh-1", expiresAt: 0 }
    await store.write(url, { issuer: "https://idp.example.com", clientId: "c", scopes: [], tokens })
    await expect(freshAccessToken(store, url, { now })).rejects.toMatchObject({ reason: "login_expired" })
  })

  it("is what another process has got meanwhile, without asking the IdP again", async () => {
    const other = { accessToken: "access-9", refreshToken: "refresh-9", expiresAt: now() + 3_600_000 }
    const before = await tokenOf(3_600, [fresh])
    await store.write(url, { ...before.login, tokens: { ...before.login.tokens, expiresAt: 0 } })
    const meanwhile: CredentialStore = {
      ...store,
      locked: async (work) => {
        await store.write(url, { ...before.login, tokens: other })
        return store.locked(work)
      },
    }
    expect(await freshAccessToken(meanwhile, url, { now })).toBe("access-9")
    expect(before.idp.asked).toEqual([])
  })

  it("is none when somebody has logged out meanwhile", async () => {
    await tokenOf(3_600, [fresh])
    const meanwhile: CredentialStore = {
      ...store,
      locked: async (work) => {
        await store.remove(url)
        return store.locked(work)
      },
    }
    expect(await freshAccessToken(meanwhile, url, { now, force: true })).toBeUndefined()
  })

  it("is tried once more, with what is stored then, when the IdP no longer takes the refresh token", async () => {
    const before = await tokenOf(3_600, [refused, fresh])
    await store.write(url, { ...before.login, tokens: { ...before.login.tokens, expiresAt: 0 } })
    const options: FreshTokenOptions = { now, onRefresh: () => undefined }
    let reads = 0
    const rotated: CredentialStore = {
      ...store,
      read: async (one) => {
        const login = await store.read(one)
        return login && ++reads > 2 ? { ...login, tokens: { ...login.tokens, refreshToken: "refresh-9" } } : login
      },
    }
    expect(await freshAccessToken(rotated, url, options)).toBe("access-2")
    expect(before.idp.asked.map(({ form }) => form["refresh_token"])).toEqual(["refresh-1", "refresh-9"])
  })

  it("is given although it cannot be kept, and that is told", async () => {
    const before = await tokenOf(3_600, [fresh])
    await store.write(url, { ...before.login, tokens: { ...before.login.tokens, expiresAt: 0 } })
    const problem = new Error("no room")
    const full: CredentialStore = { ...store, write: () => Promise.reject(problem) }
    const problems: unknown[] = []
    expect(await freshAccessToken(full, url, { now, onProblem: (one) => problems.push(one) })).toBe("access-2")
    expect(problems).toEqual([problem])
  })

  it("is an error when the store is not usable", async () => {
    await tokenOf(3_600, [fresh])
    const broken: CredentialStore = { ...store, locked: () => Promise.reject(new Error("locked")) }
    await expect(freshAccessToken(broken, url, { now, force: true })).rejects.toThrow("locked")
  })
})
