import { describe, expect, it, vi } from "vitest"
import { deviceLogin, type DevicePrompt, type LoginProvider } from "../../../src/login/index.js"
import { providerAt, scriptedIdp, type IdpScript } from "../../fixtures/scripted-idp.js"

const code = (more: object = {}): IdpScript => ({
  body: {
    device_code: "device-code-1",
    user_code: "ABCD-EFGH",
    verification_uri: "https://idp.example.com/device",
    verification_uri_complete: "https://idp.example.com/device?code=ABCD-EFGH",
    expires_in: 100,
    ...more,
  },
})
const pending: IdpScript = { status: 400, body: { error: "authorization_pending" } }
const slowDown: IdpScript = { status: 400, body: { error: "slow_down" } }
const tokens: IdpScript = { body: { access_token: "access-1", token_type: "Bearer", expires_in: 3_600, refresh_token: "refresh-1" } }

/** Logs in against a script, with a clock that only pauses move. */
async function login(answers: readonly IdpScript[], { provider, signal }: { provider?: Partial<LoginProvider>; signal?: AbortSignal } = {}) {
  const idp = await scriptedIdp(...answers)
  const pauses: number[] = []
  const prompts: DevicePrompt[] = []
  const left: number[] = []
  let time = 0
  const result = await deviceLogin({ ...providerAt(idp), ...provider }, ["openid", "platform:read"], {
    now: () => time,
    pause: async (ms) => {
      pauses.push(ms / 1_000)
      time += ms
    },
    onCode: (prompt) => prompts.push(prompt),
    onWaiting: (seconds) => left.push(seconds),
    ...(signal && { signal }),
  }).then(
    (value) => ({ value, error: undefined }),
    (error: unknown) => ({ value: undefined, error }),
  )
  return { idp, pauses, prompts, left, ...result }
}

describe("a login with a device code", () => {
  it("shows the code, waits for its approval and gives the tokens", async () => {
    const done = await login([code(), pending, pending, tokens])
    expect(done).toMatchObject({
      value: { accessToken: "access-1", refreshToken: "refresh-1", expiresAt: 15_000 + 3_600_000 },
      prompts: [
        {
          verificationUri: "https://idp.example.com/device",
          verificationUriComplete: "https://idp.example.com/device?code=ABCD-EFGH",
          userCode: "ABCD-EFGH",
          expiresInSeconds: 100,
        },
      ],
      pauses: [5, 5, 5],
      left: [100, 95, 90],
    })
    expect(done.idp.asked).toEqual([
      { path: "/device", form: { client_id: "portcullis-cli", scope: "openid platform:read" }, type: "application/x-www-form-urlencoded" },
      ...Array.from({ length: 3 }, () => ({
        path: "/token",
        form: {
          grant_type: "urn:ietf:params:oauth:grant-type:device_code",
          client_id: "portcullis-cli",
          device_code: "device-code-1",
          scope: "openid platform:read",
        },
        type: "application/x-www-form-urlencoded",
      })),
    ])
  })

  it.each([[{ interval: 1e9, expires_in: 3e9 }], [{ interval: "2147483648", expires_in: "3000000000" }]])(
    "waits a day at most, with %j: no timer overflows",
    async (more) => {
      const { pauses, prompts, error } = await login([code(more), pending])
      expect([pauses, prompts[0]?.expiresInSeconds]).toEqual([[86_400], 86_400])
      expect(error).toMatchObject({ reason: "login_expired" })
    },
  )

  it("waits as long as the code is good when it is told to slow down for longer", async () => {
    const slower: IdpScript = { status: 400, body: { error: "slow_down", interval: 3_000_000_000 } }
    expect((await login([code({ expires_in: 3e9 }), slower, pending])).pauses).toEqual([5, 86_395])
  })

  it.each([
    [{ interval: 7 }, 7],
    [{ interval: "8" }, 8],
    [{ interval: 0 }, 1],
    [{ interval: null }, 5],
    [{ interval: "often" }, 5],
  ])("waits %j between polls", async (more, seconds) => {
    expect((await login([code(more), tokens])).pauses).toEqual([seconds])
  })

  it("waits 5 seconds longer after each slow_down, for good, or as long as the IdP then says", async () => {
    expect((await login([code(), slowDown, pending, slowDown, tokens])).pauses).toEqual([5, 10, 10, 15])
    expect((await login([code(), { status: 400, body: { error: "slow_down", interval: 30 } }, tokens])).pauses).toEqual([5, 30])
  })

  it("polls less often while the IdP does not answer, and as before when it does", async () => {
    const done = await login([
      code({ expires_in: 600 }),
      "drop",
      { status: 503, text: "<html>" },
      { status: 500, body: { error: "unknown_error" } },
      pending,
      tokens,
    ])
    expect(done.pauses).toEqual([5, 10, 20, 40, 5])
    expect(done).toMatchObject({ value: { accessToken: "access-1" } })
  })

  it("pauses a minute at most, and never beyond the end of the code", async () => {
    expect((await login([code({ expires_in: 300 }), "drop"])).pauses).toEqual([5, 10, 20, 40, 60, 60, 60, 45])
  })

  it("ends when nobody approves in time", async () => {
    const done = await login([code({ expires_in: 12 }), pending])
    expect(done).toMatchObject({ error: { code: "ERR_UNAUTHENTICATED", reason: "login_expired" }, pauses: [5, 5, 2] })
  })

  it("ends with the IdP's failure when that lasts until the code expires", async () => {
    const { error } = await login([code({ expires_in: 12 }), pending, { status: 502, text: "Bad Gateway" }])
    expect(error).toMatchObject({ code: "ERR_IDP_UNAVAILABLE", details: { status: 502 } })
  })

  it("ends at once when an answer is no use and will not become any", async () => {
    const done = await login([code(), { status: 404, text: "<html>", headers: { "content-type": "text/html" } }])
    expect(done).toMatchObject({
      error: { code: "ERR_IDP_UNAVAILABLE", message: expect.stringMatching(/\/token answered 404 .*text\/html/) },
      pauses: [5],
    })
  })

  it("takes 15 minutes when the IdP does not say how long the code is good, and Azure AD's older name of the page", async () => {
    const done = await login([
      code({
        expires_in: undefined,
        verification_uri: undefined,
        verification_url: "https://microsoft.com/devicelogin",
        verification_uri_complete: 1,
      }),
      tokens,
    ])
    expect(done.prompts).toEqual([{ verificationUri: "https://microsoft.com/devicelogin", userCode: "ABCD-EFGH", expiresInSeconds: 900 }])
  })

  it("takes a page on this machine, without TLS", async () => {
    expect((await login([code({ verification_uri: "http://127.0.0.1:9400/device" }), tokens])).prompts).toHaveLength(1)
  })

  it.each([
    [{ verification_uri: "http://idp.example.com/device" }],
    [{ verification_uri: "javascript:alert(1)" }],
    [{ verification_uri: "file:///etc/passwd" }],
    [{ verification_uri: "https://idp.example.com/\u001b[2J" }],
    [{ verification_uri: "no URL" }],
    [{ verification_uri: undefined }],
    [{ user_code: "\u001b]0;x\u0007" }],
    [{ user_code: "" }],
    [{ device_code: 1 }],
  ])("shows nothing of %j", async (more) => {
    expect(await login([code(more)])).toMatchObject({ error: { code: "ERR_IDP_UNAVAILABLE", details: { status: 200 } }, prompts: [] })
  })

  it("can be given up while it waits, and before", async () => {
    const reason = new Error("given up")
    expect(await login([code(), tokens], { signal: AbortSignal.abort(reason) })).toMatchObject({ error: reason, prompts: [] })
    const ending = new AbortController()
    const idp = await scriptedIdp(code(), "hang")
    const waiting = deviceLogin(providerAt(idp), [], { pause: async () => undefined, onCode: () => undefined, signal: ending.signal })
    const ended = expect(waiting).rejects.toBe(reason)
    await vi.waitUntil(() => idp.asked.length === 2)
    ending.abort(reason)
    await ended
  })

  it.each([
    ["http://idp.example.com/device", "ERR_CONFIG_INVALID"],
    ["no URL", "ERR_CONFIG_INVALID"],
  ])("asks nothing of %s", async (deviceAuthorizationEndpoint, errorCode) => {
    expect(await login([code()], { provider: { deviceAuthorizationEndpoint } })).toMatchObject({ error: { code: errorCode }, idp: { asked: [] } })
  })

  it("sends the device code to no plain HTTP off this machine", async () => {
    const { error, idp } = await login([code(), tokens], { provider: { tokenEndpoint: "http://idp.example.com/token" } })
    expect(error).toMatchObject({ code: "ERR_CONFIG_INVALID" })
    expect(idp.asked.map(({ path }) => path)).toEqual(["/device"])
  })

  it.each([["tokenEndpoint" as const], ["deviceAuthorizationEndpoint" as const]])("says so when the sidecar knows no %s", async (name) => {
    const { [name]: _, ...provider } = providerAt(await scriptedIdp())
    const io = { pause: async () => undefined, onCode: () => undefined }
    await expect(deviceLogin(provider, [], io)).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID", reason: "endpoint_missing" })
  })
})
