import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { configuredGateway } from "../../../src/cli/configured-gateway.js"
import { createLogger } from "../../../src/telemetry/index.js"
import { configProblems, configured } from "../../fixtures/configured.js"

const silent = createLogger({ level: "silent" })

/** A file in a folder of its own. */
function fileOf(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-gateway-config-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, "decision.key"), content)
  return join(folder, "decision.key")
}

describe("gateway", () => {
  it("enforces everything by default, and signs nothing", () => {
    const { options } = configuredGateway(configured("").config, silent)
    expect(options.gateway).toEqual({ allowCorsPreflight: false, envoyMode: "authorize", idpWaitMs: 100, shadow: [] })
  })

  it("is handed to the server", () => {
    const yaml = `gateway:
  allow_cors_preflight: true
  envoy: { mode: authenticate }
  idp_wait_ms: 90
  shadow:
    - { gateway: nginx, path_prefix: /apis/models }
    - { gateway: "*", path_prefix: / }`
    const { options } = configuredGateway(configured(yaml).config, silent)
    expect(options.gateway).toEqual({
      allowCorsPreflight: true,
      envoyMode: "authenticate",
      idpWaitMs: 90,
      shadow: [
        { gateway: "nginx", path_prefix: "/apis/models" },
        { gateway: "*", path_prefix: "/" },
      ],
    })
  })

  it("takes shadow rules from a variable, as JSON", () => {
    const environment = { PORTCULLIS_GATEWAY__SHADOW: '[{"gateway":"envoy_grpc","path_prefix":"/a"}]' }
    expect(configured("", { environment }).config.gateway.shadow).toEqual([{ gateway: "envoy_grpc", path_prefix: "/a" }])
  })

  it.each([
    ["gateway: { envoy: { mode: monitor } }", "gateway.envoy.mode"],
    ["gateway: { shadow: [{ gateway: kong, path_prefix: / }] }", "gateway.shadow[0].gateway"],
    ["gateway: { shadow: [{ gateway: nginx }] }", "gateway.shadow[0].path_prefix"],
    ["gateway: { shadow: [{ gateway: nginx, path_prefix: apis }] }", "gateway.shadow[0].path_prefix"],
    ["gateway: { shadow: [{ gateway: nginx, path_prefix: /a/../b }] }", "gateway.shadow[0].path_prefix"],
    ["gateway: { shadow: [{ gateway: nginx, path_prefix: /, methods: [GET] }] }", "gateway.shadow[0].methods"],
    ["gateway: { allow_cors_preflights: true }", "did you mean 'gateway.allow_cors_preflight'"],
  ])("%s is refused, naming %s", (yaml, place) => {
    expect(configProblems(yaml).join("\n")).toContain(place)
  })

  it("says at the start where shadow mode is on", () => {
    const lines: string[] = []
    const logger = createLogger({ level: "warn", stream: { write: (line: string) => void lines.push(line) } })
    configuredGateway(configured("gateway: { shadow: [{ gateway: caddy, path_prefix: /a }] }").config, logger)
    expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ gateway: "caddy", pathPrefix: "/a" })])
  })
})

describe("gateway.decision_key_file", () => {
  const [first, second] = ["a".repeat(32), "b".repeat(40)]

  it("holds a key, or two", () => {
    const { options, close } = configuredGateway(configured(`gateway: { decision_key_file: ${fileOf(`${first}\n${second}\n`)} }`).config, silent)
    onTestFinished(close)
    expect(options.gateway?.decisionKeys?.()).toEqual([first, second])
  })

  it.each([
    ["is short", "a".repeat(31)],
    ["holds a short second key", `${first}\nshort`],
    ["is empty", ""],
    ["holds three keys", `${first}\n${second}\n${first}x`],
    ["holds a space", `${first} ${second}`],
  ])("is refused when it %s, naming the setting and no key", (_, content) => {
    const { config } = configured(`gateway: { decision_key_file: ${fileOf(content)} }`)
    const refused = expect.objectContaining({ code: "ERR_CONFIG_INVALID", message: expect.stringMatching(/^gateway\.decision_key_file: (?!.*aaaa)/) })
    expect(() => configuredGateway(config, silent)).toThrow(refused)
  })

  it("is refused when it is not there", () => {
    const { config } = configured("gateway: { decision_key_file: nowhere.key }")
    expect(() => configuredGateway(config, silent)).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }))
  })
})
