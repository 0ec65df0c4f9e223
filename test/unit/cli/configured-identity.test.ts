import { describe, expect, it } from "vitest"
import { configuredIdentity, openToThisMachine } from "../../../src/cli/configured-identity.js"
import { createLogger } from "../../../src/telemetry/index.js"
import { configured } from "../../fixtures/configured.js"

const oidc = "auth: { oidc: { issuer: https://idp.example, client_id: cli } }"
const tls = "cert_file: /c.pem, key_file: /k.pem"

describe("the identity that is configured", () => {
  it("is handed to the server", () => {
    const yaml = `${oidc}\ntrusted_peers: [certificate]\nserver: { tls: { ${tls}, client_ca_file: /ca.pem } }`
    const { options, close } = configuredIdentity(configured(yaml).config, createLogger({ level: "silent" }))
    close()
    expect(options).toMatchObject({
      authentication: { issuers: [{ issuer: "https://idp.example", clientId: "cli" }] },
      discovery: { authEnabled: true, oidc: { issuer: "https://idp.example" } },
      peers: { trustedPeers: ["certificate"] },
      tls: { certFile: "/c.pem", keyFile: "/k.pem", clientCaFile: "/ca.pem" },
      insecureBehindProxy: false,
    })
  })

  it("has neither certificates nor peers by default", () => {
    const { options } = configuredIdentity(configured("").config, createLogger({ level: "silent" }))
    expect(options.tls).toBeUndefined()
    expect(options.peers?.trustedPeers).toBeUndefined()
    expect(options.peers?.secrets).toBeUndefined()
  })
})

describe("a caller on this machine who proves nothing", () => {
  it.each([
    ["", { mayAsk: true, maySayWhoAsks: true }],
    ["server: { listen: '[::1]:8181' }", { mayAsk: true, maySayWhoAsks: true }],
    ["server: { listen: 'unix:/run/p.sock' }", { mayAsk: true, maySayWhoAsks: true }],
    [oidc, { mayAsk: true, maySayWhoAsks: false }],
    [`${oidc}\ntrusted_peers: [loopback]`, { mayAsk: true, maySayWhoAsks: true }],
    [`${oidc}\ntrusted_peers: [unix]`, { mayAsk: false, maySayWhoAsks: false }],
    [`${oidc}\ntrusted_peers: [unix]\nserver: { listen: 'unix:/run/p.sock' }`, { mayAsk: true, maySayWhoAsks: true }],
    ["trusted_peers: []", { mayAsk: false, maySayWhoAsks: false }],
    ["server: { insecure_behind_proxy: true }", { mayAsk: false, maySayWhoAsks: false }],
    [`server: { tls: { ${tls} } }`, { mayAsk: false, maySayWhoAsks: false }],
    [`server: { listen: '0.0.0.0:1', tls: { ${tls} } }\ntrusted_peers: [loopback]`, { mayAsk: false, maySayWhoAsks: false }],
  ])("of a sidecar with %j", (yaml, open) => {
    expect(openToThisMachine(configured(yaml).config)).toEqual(open)
  })
})
