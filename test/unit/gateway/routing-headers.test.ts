import { describe, expect, it } from "vitest"
import { assertUnrouted, routedRequest, type RoutingHeader } from "../../../src/gateway/routing-headers.js"

const ofNginx = { uri: "X-Original-URI", method: "X-Original-Method" } as const
const ofTraefik = { uri: "X-Forwarded-Uri", method: "X-Forwarded-Method" } as const
const all: readonly RoutingHeader[] = [
  "X-Original-URI",
  "X-Original-URL",
  "X-Original-Method",
  "X-Rewrite-URL",
  "X-Forwarded-Uri",
  "X-Forwarded-Method",
  "X-Envoy-Original-Path",
]

describe("routedRequest", () => {
  it("reads the two headers of the gateway, whatever their case", () => {
    expect(routedRequest(["x-original-uri", "/a?b", "Host", "x", "X-ORIGINAL-METHOD", "PUT"], ofNginx)).toEqual({ method: "PUT", target: "/a?b" })
    expect(routedRequest(["X-Forwarded-Method", "GET", "X-Forwarded-Uri", "/a", "X-Forwarded-For", "10.0.0.1"], ofTraefik)).toEqual({
      method: "GET",
      target: "/a",
    })
  })

  it.each([
    ["without a path", ["X-Original-Method", "GET"]],
    ["without a method", ["X-Original-URI", "/a"]],
    ["with an empty path", ["X-Original-URI", "", "X-Original-Method", "GET"]],
    ["with an empty method", ["X-Original-URI", "/a", "X-Original-Method", ""]],
    ["with two paths", ["X-Original-URI", "/a", "x-original-uri", "/a", "X-Original-Method", "GET"]],
    ["with two methods", ["X-Original-URI", "/a", "X-Original-Method", "GET", "X-Original-Method", "GET"]],
    ["with a twin of the path", ["X-Original-URI", "/a", "X_Original_URI", "/a", "X-Original-Method", "GET"]],
    ["with a mixed twin", ["X-Original-URI", "/a", "X-Original_Method", "GET", "X-Original-Method", "GET"]],
    ["with a twin in its place", ["X_Original_URI", "/a", "X-Original-Method", "GET"]],
    ["with nothing", []],
  ])("refuses a request %s", (_, rawHeaders) => {
    expect(() => routedRequest(rawHeaders, ofNginx)).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
  })

  it.each([ofNginx, ofTraefik])("refuses every header of another gateway, and its twins, beside $uri", (own) => {
    const told = [own.uri, "/a", own.method, "GET"]
    for (const name of all.filter((one) => one !== own.uri && one !== own.method))
      for (const sent of [name, name.toLowerCase(), name.replaceAll("-", "_"), name.replace("-", "_")])
        expect(() => routedRequest([...told, sent, "/public"], own), sent).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
  })
})

describe("assertUnrouted", () => {
  it("refuses every routing header, and its twins", () => {
    for (const name of all)
      for (const sent of [name, name.toUpperCase(), name.replaceAll("-", "_")])
        expect(() => assertUnrouted([sent, "/public"]), sent).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }))
  })

  it("lets other marks of proxies pass", () => {
    expect(() =>
      assertUnrouted(["X-Forwarded-For", "10.0.0.1", "X-Forwarded-Proto", "https", "X-Envoy-Internal", "true", "Forwarded", "for=x"]),
    ).not.toThrow()
  })
})
