import { describe, expect, it } from "vitest"
import { gatewayAt } from "../../../src/gateway/index.js"

describe("gatewayAt", () => {
  it.each([
    ["/gateway/nginx", "nginx"],
    ["/gateway/traefik", "traefik"],
    ["/gateway/caddy?a=b", "caddy"],
    ["/apis/auth/ext-authz", "envoy"],
    ["/apis/auth/ext-authz/", "envoy"],
    ["/apis/auth/ext-authz//x", "envoy"],
    ["/apis/auth/ext-authz/../..", "envoy"],
    ["/apis/auth/ext-authz?x", "envoy"],
    ["/apis/auth/ext-authz/apis/auth/ext-authz/x", "envoy"],
  ])("knows %s", (target, name) => {
    expect(gatewayAt(target)).toBe(name)
  })

  it.each([
    "",
    "*",
    "/",
    "/gateway",
    "/gateway/",
    "/gateway/nginx/",
    "/gateway/nginx/x",
    "/gateway/nginxX",
    "/gateway/NGINX",
    "/gateway/envoy",
    "/gateway/%6eginx",
    "//gateway/nginx",
    "/apis/auth/ext-authzX",
    "/apis/auth/ext-authz*",
    "/apis/auth/ext-authz;/x",
    "/apis/auth/ext-authz%2Fx",
    "/apis/auth/ext-auth",
    "/apis/auth/EXT-AUTHZ/x",
    "/x/apis/auth/ext-authz/y",
    "http://127.0.0.1/apis/auth/ext-authz/x",
  ])("takes %j for none", (target) => {
    expect(gatewayAt(target)).toBeUndefined()
  })
})
