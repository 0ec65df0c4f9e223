import { describe, expect, it } from "vitest"
import { configReference, parseListen } from "../../../src/config/index.js"
import { configProblems, configured } from "../../fixtures/configured.js"

const tls = "tls: { cert_file: c.pem, key_file: k.pem }"
const oidc = "oidc: { issuer: https://idp.example, client_id: cli }"

describe("auth.enabled", () => {
  it("is true by default, unlike in the reference", () => {
    expect(configured("").config.auth.enabled).toBe(true)
  })

  it("may be false while only this machine can connect", () => {
    expect(configured("", { environment: { NMP_AUTH_ENABLED: "false" } }).config.auth.enabled).toBe(false)
    expect(configured("auth: { enabled: false }\nserver: { listen: 'unix:/run/p.sock' }").config.auth.enabled).toBe(false)
  })
})

describe("server.listen beyond loopback", () => {
  it.each(["0.0.0.0:8181", "192.168.1.4:1", "[::]:8181", "example.com:80", "127.0.0.1.nip.io:80"])("refuses %s without TLS", (listen) => {
    expect(configProblems(`server: { listen: "${listen}" }`)).toEqual([
      expect.stringMatching(
        /^portcullis\.yaml:1: server\.listen '.*' is no loopback address, .*; set server\.tls\.cert_file .* --insecure-behind-proxy/,
      ),
    ])
  })

  it("takes it with TLS, and behind a proxy", () => {
    expect(configProblems(`server: { listen: "0.0.0.0:8181", ${tls} }`)).toEqual([])
    expect(configProblems(`server: { listen: "0.0.0.0:8181", insecure_behind_proxy: true }`)).toEqual([])
    const flags = new Map([["server.insecure_behind_proxy", { value: true, flag: "--insecure-behind-proxy" }]])
    expect(configProblems(`server: { listen: "0.0.0.0:8181" }`, { flags })).toEqual([])
  })

  it("refuses unsigned tokens, and tokens that are not looked at", () => {
    const text = `server: { listen: "0.0.0.0:8181", ${tls} }\nauth:\n  allow_unsigned_jwt: true\n  enabled: false\n`
    expect(configProblems(text)).toEqual([
      expect.stringMatching(/^portcullis\.yaml:3: auth\.allow_unsigned_jwt is true while server\.listen '0\.0\.0\.0:8181' is reachable/),
      expect.stringMatching(/^portcullis\.yaml:4: auth\.enabled is false while/),
    ])
  })

  it("refuses both on loopback, too, while a proxy lets others in", () => {
    const text = "server: { insecure_behind_proxy: true }\nauth:\n  allow_unsigned_jwt: true\n  enabled: false\n"
    expect(configProblems(text)).toEqual([
      expect.stringMatching(/^portcullis\.yaml:3: auth\.allow_unsigned_jwt is true while server\.insecure_behind_proxy/),
      expect.stringMatching(/^portcullis\.yaml:4: auth\.enabled is false while/),
    ])
  })

  it("warns when nobody there can say who asks", () => {
    const listen = `server: { listen: "0.0.0.0:8181", ${tls} }`
    expect(configured(listen).warnings).toEqual([
      expect.stringMatching(/^portcullis\.yaml:1: server\.listen is reachable from other machines, and none of them/),
    ])
    for (const key of [`auth: { ${oidc} }`, "trusted_peers: [10.0.0.0/8]", "peer_secret_file: secret"])
      expect(configured(`${listen}\n${key}`).warnings).toEqual([])
  })

  it("lets health be reached from everywhere", () => {
    expect(configProblems(`server: { health_listen: "0.0.0.0:8282" }`)).toEqual([])
    expect(configProblems(`server: { health_listen: "unix:/run/h.sock" }`)).toEqual([expect.stringContaining("is not HOST:PORT")])
  })
})

describe("server.listen on a UNIX domain socket", () => {
  it("takes an absolute path", () => {
    expect(parseListen(configured("server: { listen: 'unix:/run/p.sock' }").config.server.listen)).toEqual({ path: "/run/p.sock" })
    expect(configured("auth: { allow_unsigned_jwt: true }\nserver: { listen: 'unix:/run/p.sock' }").warnings).toEqual([])
  })

  it.each(["unix:", "unix:p.sock", "unix://", `unix:/${"a".repeat(107)}`])("refuses %s", (listen) => {
    expect(configProblems(`server: { listen: "${listen}" }`)).toEqual([expect.stringContaining("server.listen")])
  })

  it("refuses TLS on it", () => {
    expect(configProblems(`server: { listen: "unix:/run/p.sock", ${tls} }`)).toEqual([expect.stringContaining("nobody speaks TLS")])
  })
})

describe("server.tls", () => {
  it.each([
    ["server: { tls: { cert_file: c.pem } }", /server\.tls\.cert_file is set without server\.tls\.key_file/],
    ["server: { tls: { key_file: k.pem } }", /server\.tls\.key_file is set without server\.tls\.cert_file/],
    ["server: { tls: { client_ca_file: ca.pem } }", /server\.tls\.client_ca_file is set without/],
    [`server: { insecure_behind_proxy: true, ${tls} }`, /server\.insecure_behind_proxy is true, and server\.tls is set/],
    [`server: { ${tls} }\ntrusted_peers: [certificate]`, /^portcullis\.yaml:2: trusted_peers\[0\] 'certificate' needs server\.tls\.client_ca_file/],
    [`trusted_peers:\n- loopback\n- certificate:gateway`, /^portcullis\.yaml:3: trusted_peers\[1\] 'certificate:gateway' needs/],
  ])("refuses %j", (yaml, problem) => {
    expect(configProblems(yaml)).toEqual([expect.stringMatching(problem)])
  })

  it("names files, relative to the file that names them", () => {
    const { config } = configured("server: { tls: { cert_file: /c.pem, key_file: /k.pem, client_ca_file: /ca.pem } }\ntrusted_peers: [certificate]")
    expect(config.server.tls).toEqual({ cert_file: "/c.pem", key_file: "/k.pem", client_ca_file: "/ca.pem" })
    expect(configured("peer_secret_file: secret").config.peer_secret_file).toMatch(/^\/.*\/secret$/)
  })
})

describe("trusted_peers", () => {
  it("takes words, addresses and ranges, and is not set by default", () => {
    expect(configured("").config.trusted_peers).toBeUndefined()
    expect(configured("trusted_peers: [loopback, unix, 10.0.0.0/8, '::1', 192.168.0.1]").config.trusted_peers).toHaveLength(5)
    expect(configured("trusted_peers: []").config.trusted_peers).toEqual([])
    const environment = { PORTCULLIS_TRUSTED_PEERS: "loopback, 10.0.0.1" }
    expect(configured("", { environment }).config.trusted_peers).toEqual(["loopback", "10.0.0.1"])
  })

  it.each(["gateway.internal", "10.0.0.0/33", "0.0.0.0/0", "lopback", "certificate:"])("refuses %s, naming its line", (entry) => {
    expect(configProblems(`trusted_peers:\n- loopback\n- "${entry}"`)).toEqual([expect.stringMatching(/^portcullis\.yaml:3: trusted_peers\[1\] "/)])
  })

  it.each(["loopback", "127.0.0.0/8", "::1"])("warns about %s behind a proxy, which lends its trust to everybody", (entry) => {
    expect(configured(`trusted_peers: ["${entry}"]\nserver: { insecure_behind_proxy: true }`).warnings).toEqual([
      expect.stringMatching(/^portcullis\.yaml:1: trusted_peers lists this machine/),
    ])
  })
})

describe("auth.principal_header_prefix", () => {
  it.each(["X-NMP-", "Acme-", "X-Portcullis-Caller-"])("takes %s", (prefix) => {
    expect(configured(`auth: { principal_header_prefix: ${prefix} }`).config.auth.principal_header_prefix).toBe(prefix)
  })

  it.each(["X-NMP", "X NMP-", "X_NMP-", "-", "X-Forwarded-", "X-NMP-:"])("refuses %s", (prefix) => {
    expect(configProblems(`auth: { principal_header_prefix: "${prefix}" }`)).toEqual([
      expect.stringMatching(/^portcullis\.yaml:1: auth\.principal_header_prefix "/),
    ])
  })
})

it("says nothing about what values do together while one of them is wrong alone", () => {
  expect(configProblems("auth: { oidc: { issuer: x, additional_issuers: [https://a.example] } }")).toEqual([
    expect.stringContaining("auth.oidc.issuer"),
  ])
})

it("the reference page has a table for the members of issuers", () => {
  const page = configReference()
  expect(page).toContain("| `auth.oidc.additional_issuers` | list of https URLs or objects | `[]` |")
  expect(page).toContain("## Members of an object in `auth.oidc.additional_issuers`")
  expect(page).toContain("| `email_domains` | list of texts | Domains whose")
})
