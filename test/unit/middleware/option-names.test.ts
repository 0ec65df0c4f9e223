import { describe, expect, it, onTestFinished } from "vitest"
import { authenticationReasons } from "../../../src/authn/index.js"
import { admission, type AdmissionOptions, type AdmissionRequest } from "../../../src/middleware/index.js"
import { inOptionNames } from "../../../src/middleware/option-names.js"
import { modelsPdp } from "../pdp/world.js"

/** Names of the sidecar's configuration, and commands of its command line. */
const sidecarWords = /auth\.\w|\b(?!nbf\b)[a-z]+_[a-z_]+\b|sidecar|portcullis/i

describe("a refusal", () => {
  it.each(Object.entries(authenticationReasons))("of the cause %s names no configuration of the sidecar", (_, { meaning, remedy }) => {
    expect(inOptionNames(`${meaning}; ${remedy}`)).not.toMatch(sidecarWords)
  })

  it.each<[string, AdmissionOptions["authentication"], string, RegExp]>([
    ["a principal header", {}, "X-NMP-Principal-Id: ann", /peers\.trustedPeers/],
    [
      "a principal header where tokens are due",
      { issuers: [{ issuer: "https://idp.example", audience: "api" }] },
      "X-NMP-Principal-Id: ann",
      /peers\.trustedPeers/,
    ],
    ["a signed token without issuers", {}, `Authorization: Bearer ${jwt({ alg: "RS256" })}x`, /authentication\.issuers/],
    ["an unsigned token", {}, `Authorization: Bearer ${jwt({ alg: "none" })}`, /authentication\.allowUnsignedJwt/],
  ])("of %s names the options of the middleware", async (_, authentication, header, remedy) => {
    const detail = await refusedDetail({ authentication }, header.split(": "), "/x")
    expect(detail).toMatch(remedy)
    expect(detail).not.toMatch(sidecarWords)
  })

  it("of a path that the authorization data do not know names the options for paths", async () => {
    const known = ["X-NMP-Principal-Id", "ann@example.com"]
    const options = { peers: { trustedPeers: ["loopback"] } }
    expect(await refusedDetail(options, known, "/elsewhere")).toMatch(/'path'[^]*'open'/)
    expect(await refusedDetail(options, known, "/iam")).not.toContain("'open'")
  })
})

function jwt(header: object): string {
  return [header, { iss: "https://idp.example", sub: "ann" }].map((part) => `${Buffer.from(JSON.stringify(part)).toString("base64url")}.`).join("")
}

async function refusedDetail(options: Partial<AdmissionOptions>, rawHeaders: readonly string[], target: string): Promise<string> {
  const { pdp } = await modelsPdp()
  onTestFinished(() => pdp.close())
  const peer = { rawHeaders, headers: {}, socket: { remoteAddress: "127.0.0.1" } }
  const request: AdmissionRequest = { method: "GET", target, rawHeaders, atLeast: undefined, peer, gone: () => new AbortController().signal }
  const outcome = await admission({ pdp, ...options })(request)
  return outcome.kind === "refused" ? String(JSON.parse(outcome.answer.text).detail) : outcome.kind
}
