import { describe, expect, it } from "vitest"
import { ShadowRule, shadowRules } from "../../../src/gateway/shadow.js"

describe("shadowRules", () => {
  it("are on nowhere without rules", () => {
    expect(shadowRules()("nginx", "/")).toBe(false)
  })

  it.each([
    ["/apis/models", "/apis/models", true],
    ["/apis/models", "/apis/models/", true],
    ["/apis/models", "/apis/models/v2/x", true],
    ["/apis/models/", "/apis/models/v2", true],
    ["/apis/models/", "/apis/models", true],
    ["/apis/models", "/apis/modelsX", false],
    ["/apis/models", "/apis", false],
    ["/apis/models", "/APIS/models", false],
    ["/", "/", true],
    ["/", "/anything/at/all", true],
  ])("of %s hold for %s: %s", (path_prefix, path, isOn) => {
    expect(shadowRules([{ gateway: "nginx", path_prefix }])("nginx", path)).toBe(isOn)
  })

  it("hold for the gateway that they name, and with * for all", () => {
    const isOn = shadowRules([
      { gateway: "envoy", path_prefix: "/a" },
      { gateway: "*", path_prefix: "/b" },
    ])
    expect([isOn("envoy", "/a"), isOn("envoy_grpc", "/a"), isOn("traefik", "/a")]).toEqual([true, false, false])
    expect([isOn("envoy", "/b"), isOn("envoy_grpc", "/b"), isOn("traefik", "/b")]).toEqual([true, true, true])
  })
})

describe("ShadowRule", () => {
  it.each(["", "apis", "//", "/a//b", "/a/../b", "/%2e", "/a?b", "*"])("refuses the prefix %j, which no canonical path has", (path_prefix) => {
    expect(ShadowRule.safeParse({ gateway: "nginx", path_prefix }).success).toBe(false)
  })

  it("refuses a gateway that is none", () => {
    expect(ShadowRule.safeParse({ gateway: "kong", path_prefix: "/" }).success).toBe(false)
  })
})
