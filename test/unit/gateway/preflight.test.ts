import { describe, expect, it, onTestFinished } from "vitest"
import { isKnownPreflight } from "../../../src/gateway/preflight.js"
import { modelsPdp } from "../pdp/world.js"

const target = "/workspaces/ml/models"
const headers = ["Origin", "https://shop.example.com", "Access-Control-Request-Method", "POST"]

async function known(asked: { method?: string; target?: string; rawHeaders?: readonly string[] }): Promise<boolean> {
  const { pdp } = await modelsPdp()
  onTestFinished(() => pdp.close())
  return isKnownPreflight(pdp, { method: "OPTIONS", target, rawHeaders: headers, ...asked })
}

describe("isKnownPreflight", () => {
  it("knows a preflight for an operation of the authorization data, public or not", async () => {
    expect(await known({})).toBe(true)
    expect(await known({ target: `${target}?a=b`, rawHeaders: ["origin", "null", "access-control-request-method", "GET"] })).toBe(true)
    expect(await known({ target: "/health", rawHeaders: ["Origin", "x", "Access-Control-Request-Method", "GET"] })).toBe(true)
  })

  it.each([
    ["another method", { method: "GET" }],
    ["no Origin", { rawHeaders: headers.slice(2) }],
    ["two Origins", { rawHeaders: [...headers, "Origin", "https://other.example.com"] }],
    ["no requested method", { rawHeaders: headers.slice(0, 2) }],
    ["an empty requested method", { rawHeaders: ["Origin", "x", "Access-Control-Request-Method", ""] }],
    ["two requested methods", { rawHeaders: [...headers, "access-control-request-method", "GET"] }],
    ["credentials", { rawHeaders: [...headers, "Authorization", "Bearer x"] }],
    ["a method that the path has not", { rawHeaders: ["Origin", "x", "Access-Control-Request-Method", "DELETE"] }],
    ["a method in lower case", { rawHeaders: ["Origin", "x", "Access-Control-Request-Method", "post"] }],
    ["an unknown path", { target: "/nowhere" }],
    ["a path that is not canonical", { target: "/workspaces//models" }],
    ["a path with an escaped workspace", { target: "/workspaces/%6dl/models" }],
    ["no path", { target: "" }],
  ])("takes one with %s for none", async (_, asked) => {
    expect(await known(asked)).toBe(false)
  })
})
