import { describe, expect, it } from "vitest"
import { issuerProblem } from "../../../src/login/index.js"
import { scriptedIdp } from "../../fixtures/scripted-idp.js"

describe("what is wrong with an issuer", () => {
  it("is nothing when its document names it", async () => {
    const script: { text: string } = { text: "" }
    const idp = await scriptedIdp(script)
    script.text = JSON.stringify({ issuer: idp.origin })
    expect(await issuerProblem(idp.origin)).toBeUndefined()
  })

  it("is that its document names another one, which is to be set", async () => {
    const idp = await scriptedIdp({ body: { issuer: "https://idp.example.com/" } })
    expect(await issuerProblem(idp.origin)).toMatchObject({
      named: "https://idp.example.com/",
      remedy: expect.stringContaining("set auth.oidc.issuer to 'https://idp.example.com/'"),
    })
  })

  it.each([
    ["is not found", { status: 404 }, /404/],
    ["is none", { text: "<html>" }, /no discovery document/],
    ["would steer a terminal", { body: { issuer: "https://\u001b[31m" } }, /no discovery document/],
    ["does not come", "drop", /cannot be reached/],
  ] as const)("is that its document %s", async (_, script, problem) => {
    const idp = await scriptedIdp(script)
    expect(await issuerProblem(idp.origin)).toEqual({ problem: expect.stringMatching(problem), remedy: expect.any(String) })
  })

  it("is that it is no URL", async () => {
    expect(await issuerProblem("idp.example.com")).toMatchObject({ remedy: expect.stringContaining("auth.oidc.issuer") })
  })
})
