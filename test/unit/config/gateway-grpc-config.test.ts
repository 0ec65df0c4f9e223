import { describe, expect, it } from "vitest"
import { configuredGateway } from "../../../src/cli/configured-gateway.js"
import { createLogger } from "../../../src/telemetry/index.js"
import { configProblems, configured } from "../../fixtures/configured.js"

const optionsOf = (yaml: string) => configuredGateway(configured(yaml).config, createLogger({ level: "silent" })).options

describe("gateway.envoy_grpc", () => {
  it("is off by default", () => {
    expect(optionsOf("gateway: { envoy_grpc: { entrypoint: a/b } }").envoyGrpc).toBeUndefined()
  })

  it.each([
    ["127.0.0.1:9191", { host: "127.0.0.1", port: 9191 }],
    ["unix:/run/envoy.sock", { path: "/run/envoy.sock" }],
  ])("listens on %s", (listen, place) => {
    expect(optionsOf(`gateway: { envoy_grpc: { listen: "${listen}" } }`).envoyGrpc).toEqual({ listen: place, entrypoint: "envoy/authz/allow" })
  })

  it.each([
    ["gateway: { envoy_grpc: { listen: 9191 } }", "gateway.envoy_grpc.listen"],
    ["gateway: { envoy_grpc: { listen: unix:run } }", "gateway.envoy_grpc.listen"],
    ["gateway: { envoy_grpc: { entrypoint: /envoy/authz/allow } }", "gateway.envoy_grpc.entrypoint"],
    ["gateway: { envoy_grpc: { listen: '0.0.0.0:9191' } }", "server.tls.cert_file"],
    ["gateway: { envoy_grpc: { listen: '127.0.0.1:8181' } }", "give gRPC a place of its own"],
    ["gateway: { envoy_grpc: { listen: 'unix:/run/a' } }\nserver: { listen: 'unix:/run/a' }", "give gRPC a place of its own"],
    ["gateway: { envoy_grpc: { listen: '127.0.0.1:9' } }\nserver: { health_listen: '127.0.0.1:9' }", "give gRPC a place of its own"],
    [tlsOn("auth: { enabled: false }"), "auth.enabled is false"],
    [tlsOn("auth: { allow_unsigned_jwt: true }"), "auth.allow_unsigned_jwt is true"],
  ])("%s is refused: %s", (yaml, problem) => {
    expect(configProblems(yaml).join("\n")).toContain(problem)
  })

  it.each([
    "gateway: { envoy_grpc: { listen: '127.0.0.1:0' } }\nserver: { listen: '127.0.0.1:0' }",
    "gateway: { envoy_grpc: { listen: '0.0.0.0:9191' } }\nserver: { insecure_behind_proxy: true }",
    tlsOn(""),
  ])("%s is right", (yaml) => {
    expect(configProblems(yaml)).toEqual([])
  })
})

function tlsOn(more: string): string {
  return `gateway: { envoy_grpc: { listen: '0.0.0.0:9191' } }\nserver: { tls: { cert_file: a, key_file: b } }\n${more}`
}
