import { describe, expect, it } from "vitest"
import { passwordLogin, refreshLogin } from "../../../src/login/index.js"
import { providerAt, scriptedIdp } from "../../fixtures/scripted-idp.js"

const password = `S3CRET PW&x/+%"'<ü!(*)~`

/** What is said of a password that an IdP repeats so. */
async function saidOf(echo: string): Promise<string> {
  const idp = await scriptedIdp({ status: 400, body: { error: `invalid_${echo}`, error_description: `you sent ${echo}.` } })
  const problem: unknown = await passwordLogin(providerAt(idp), ["openid"], { username: "ann", password }).catch((thrown: unknown) => thrown)
  expect(problem).toMatchObject({ code: "ERR_UNAUTHENTICATED" })
  return JSON.stringify(problem) + String(problem)
}

const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())
const form = new URLSearchParams({ password }).toString()

describe("an IdP that repeats the password", () => {
  it.each([
    ["as it is", password],
    ["as the form had it", form],
    ["so in lower case", lower(form)],
    ["as a part of a URL", encodeURIComponent(password)],
    ["so in lower case", lower(encodeURIComponent(password))],
    ["as a part of a URL, strictly", encodeURIComponent(password).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)],
    ["as a URL", encodeURI(password)],
    ["as JSON", JSON.stringify(password)],
    ["as HTML", password.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;")],
    ["in Base64", Buffer.from(password).toString("base64")],
    ["in Base64 for URLs", Buffer.from(password).toString("base64url")],
  ])("%s is not quoted with it", async (_, echo) => {
    const said = await saidOf(echo)
    expect(said).toContain("(hidden)")
    for (const part of ["S3CRET", "UzNDUkVU"]) expect(said).not.toContain(part)
  })

  it("nor is one that repeats the whole form of a refresh", async () => {
    const refreshToken = "0.AX+secret/refresh=token|1"
    const idp = await scriptedIdp({
      status: 400,
      body: { error: "invalid_request", error_description: new URLSearchParams({ refresh_token: refreshToken }).toString() },
    })
    const problem: unknown = await refreshLogin(providerAt(idp), refreshToken).catch((thrown: unknown) => thrown)
    expect(problem).toMatchObject({ details: { error_description: "refresh_token=(hidden)" } })
    expect(String(problem)).not.toContain("secret")
  })
})
