import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { configuredBundles } from "../../../src/cli/configured-bundles.js"
import { loadConfig, type LoadedConfig } from "../../../src/config/index.js"
import { run } from "../../fixtures/terminal.js"

function load(yaml: string, environment: Readonly<Record<string, string>> = {}): LoadedConfig {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-bundle-config-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, "portcullis.yaml"), yaml)
  return loadConfig({ workingFolder: "/elsewhere", file: join(folder, "portcullis.yaml"), environment })
}

const two = `bundle:
  binding_bundles: 4
  tokens:
    - { name: west, token: 0123456789abcdef, allow: [bundle], bundles: [authz] }
    - { name: east, token_file: secrets/east }
`

describe("bundle.tokens", () => {
  it("are read, with files relative to the file that names them", () => {
    const { config } = load(two)
    const { tokens, bindingBundles } = configuredBundles(config)
    expect(bindingBundles).toBe(4)
    expect(tokens?.[0]).toMatchObject({ name: "west", token: "0123456789abcdef", allow: ["bundle"], bundles: ["authz"] })
    expect(tokens?.[1]?.tokenFile).toMatch(/portcullis-bundle-config-[^/]+\/secrets\/east$/)
  })

  it("may come from a variable, as JSON", () => {
    const { config } = load("", { PORTCULLIS_BUNDLE__TOKENS: '[{"name":"west","token_file":"west.txt"}]' })
    expect(configuredBundles(config).tokens?.[0]).toMatchObject({ name: "west", tokenFile: "/elsewhere/west.txt" })
  })

  it("are never printed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "portcullis-bundle-config-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, "portcullis.yaml"), two)
    const { out, code } = await run(["config", "--config", join(folder, "portcullis.yaml")])
    expect([code, out.includes("(hidden)"), out.includes("0123456789abcdef")]).toEqual([0, true, false])
    writeFileSync(join(folder, "portcullis.yaml"), two.replace("allow: [bundle]", "allow: [everything]"))
    const wrong = await run(["config", "--config", join(folder, "portcullis.yaml")])
    expect([wrong.code, wrong.err.includes("0123456789abcdef")]).toEqual([78, false])
  })

  it.each([
    ["name: a b, token: 0123456789abcdef", "bundle.tokens[0].name"],
    ["name: a, token: short", "bundle.tokens[0].token"],
    ["name: a", "needs either token or token_file"],
    ["name: a, token: 0123456789abcdef, token_file: x", "needs either token or token_file"],
    ["name: a, tokn: 0123456789abcdef", "did you mean 'token'"],
  ])("{%s} is refused: %s", (token, problem) => {
    expect(() => load(`bundle: { tokens: [{ ${token} }] }`)).toThrow(problem)
  })

  it("have names of their own", () => {
    const one = "{ name: a, token: 0123456789abcdef }"
    expect(() => load(`bundle: { tokens: [${one}, ${one}] }`)).toThrow("is named 'a' like another one")
  })
})

describe("bundle.signing_…", () => {
  it("go with a key", () => {
    expect(() => load("bundle: { signing_scope: read }")).toThrow("bundle.signing_scope is set without bundle.signing_key_file")
    expect(() => configuredBundles(load("bundle: { signing_key_file: nowhere.pem }").config)).toThrow("cannot read bundle.signing_key_file")
    expect(() => load("bundle: { binding_bundles: 3 }")).toThrow("must be a power of two")
  })
})
