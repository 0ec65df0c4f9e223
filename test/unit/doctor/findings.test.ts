import { describe, expect, it } from "vitest"
import { configuredIssuers, authenticationSettings, parsedToken, type Issuer } from "../../../src/authn/index.js"
import { failedBy, quoted } from "../../../src/doctor/finding.js"
import { checkClock, checkProvider } from "../../../src/doctor/identity-provider.js"
import type { Rules } from "../../../src/doctor/rules.js"
import { checkAcceptance } from "../../../src/doctor/acceptance.js"
import { withVerdict } from "../../../src/doctor/sidecar-verdict.js"
import { lookInto } from "../../../src/doctor/roles.js"
import { scopesFinding } from "../../../src/doctor/token-scopes.js"
import { PdpError } from "../../../src/errors.js"

describe("a finding", () => {
  it("tells what is wrong and what to do apart, and keeps the cause's code", () => {
    const error = new PdpError("ERR_UNAUTHENTICATED", "it is wrong; do this; or that", { reason: "token_expired" })
    expect(failedBy("expiry", error)).toEqual({ check: "expiry", ok: false, detail: "token_expired: it is wrong", remedy: "do this; or that" })
  })

  it("is made of errors of ours only", () => {
    const bug = new TypeError("a bug")
    expect(() => failedBy("expiry", bug)).toThrow(bug)
  })

  it.each([
    ["plain", "'plain'"],
    ["\u001b[31mred\nline\u009b", "'?[31mred?line?'"],
    ["x".repeat(300), `'${"x".repeat(200)}…'`],
    [["a", "b"], `'["a","b"]'`],
    [undefined, "'nothing'"],
  ])("shows what others wrote so that no terminal can be fooled: %j", (value, shown) => {
    expect(quoted(value)).toBe(shown)
  })
})

describe("the clock", () => {
  it.each([
    [60_000, undefined, true],
    [61_000, undefined, false],
    [-61_000, undefined, false],
    [600_000, 595_000, true],
    [0, -90_000, false],
  ])("ahead by %i ms at the provider and by %s ms at the sidecar: %s", (aheadMs, sidecarAheadMs, ok) => {
    expect(checkClock([{ findings: [], aheadMs, isReachable: true }], sidecarAheadMs, rules)).toMatchObject({ ok })
  })

  it("is measured by the provider that is farthest off", () => {
    expect(
      checkClock(
        [
          { findings: [], aheadMs: 0, isReachable: true },
          { findings: [], aheadMs: -200_000, isReachable: true },
        ],
        0,
        rules,
      ),
    ).toMatchObject({ ok: false })
  })

  it("cannot be compared with providers that do not tell the time", () => {
    expect(checkClock([{ findings: [], isReachable: true }], 0, rules)).toMatchObject({ ok: null })
  })
})

describe("scopes", () => {
  it.each([
    ["strict", undefined, {}, false],
    ["lenient", undefined, {}, true],
    ["off", undefined, {}, true],
    ["lenient", undefined, { scope: "openid" }, false],
    ["strict", undefined, { scope: "platform:read platform:write" }, true],
    ["strict", undefined, { scp: ["platform:read", "platform:write"] }, true],
    ["strict", "GET", { scope: "platform:read" }, true],
    ["strict", "POST", { scope: "platform:read" }, false],
    ["strict", undefined, { scope: "api://app/platform:read api://app/platform:write" }, true],
    ["strict", undefined, { scope: "api://other/platform:read" }, false],
  ] as const)("mode %s, method %s, claims %j: %s", (scopes, method, claims, ok) => {
    expect(scopesFinding(new Map(Object.entries(claims)), issuerOf({ scopePrefix: "api://app" }), { ...rules, scopes }, method)).toMatchObject({ ok })
  })
})

it("an identity provider without discovery document will do where its jwks_uri is configured", async () => {
  const { findings } = await checkProvider(issuerOf({ jwksUri: "http://127.0.0.1:1/jwks" }), rules, { now: Date.now })
  expect(findings).toMatchObject([
    { check: "discovery", ok: null },
    { check: "keys", ok: false, remedy: expect.any(String) },
  ])
})

it("a token is not sent to a sidecar by plain HTTP over the network", async () => {
  const sidecar = { url: "http://portcullis.example.com", ask: async () => Promise.reject(new Error("must not be asked")) }
  expect(await checkAcceptance(sidecar, { Authorization: "Bearer token" })).toMatchObject({ finding: { ok: null } })
})

it("to look into a workspace is to read it", () => {
  expect(lookInto("a b")).toEqual({ workspace: "a b", method: "GET", path: "/apis/entities/v2/workspaces/a%20b" })
})

const rules: Rules = {
  from: "configuration",
  issuers: new Map(),
  allowedHosts: undefined,
  leewaySeconds: 60,
  allowUnsignedJwt: false,
  adminEmail: undefined,
  scopes: "strict",
  headerPrefix: "X-NMP-",
}

function issuerOf(options: object): Issuer {
  const issuers = [{ issuer: "http://127.0.0.1:1", audience: "portcullis", ...options }]
  const [found] = configuredIssuers(authenticationSettings({ issuers })).values()
  if (!found) throw new TypeError("an issuer is due")
  return found
}

describe("what a sidecar says of a token", () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url")
  const token = parsedToken(`${part({ alg: "RS256" })}.${part({ iss: "https://idp.example/a", aud: "other" })}.c2ln`)
  const unknown = (["issuer", "audience"] as const).map((check) => ({ check, ok: null, detail: "only the sidecar knows" }))

  it.each([
    [{ code: "audience_mismatch", expected_audience: "the 'api', v2" }, "audience", /aud is 'other', due is 'the 'api', v2'/],
    [{ code: "audience_mismatch" }, "audience", /due is another one/],
    [{ code: "issuer_mismatch", expected_issuers: ["https://idp.example/(b), c"] }, "issuer", /due is 'https:\/\/idp\.example\/\(b\), c'/],
    [{ code: "issuer_mismatch", expected_issuers: ["https://idp.example/A"] }, "issuer", /They differ in upper and lower case only/],
    [{ code: "issuer_mismatch" }, "issuer", /due is another one/],
  ])("is read from the members of its answer, not from its words: %j", (told, check, detail) => {
    const refusal = { detail: "not for the audience 'words', of none of these (https://words.example)", ...told }
    const findings = withVerdict(unknown, { refusal }, token, "login")
    expect(findings.find((finding) => finding.check === check)).toMatchObject({ ok: false, detail: expect.stringMatching(detail) })
    expect(JSON.stringify(findings)).not.toContain("words")
    expect(findings.filter(({ ok }) => ok === null)).toHaveLength(1)
  })
})
