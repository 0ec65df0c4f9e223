import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { readBundle } from "../../../src/bundle/index.js"
import { run, type CommandResult } from "../../fixtures/terminal.js"

let workingFolder = ""
beforeEach(async () => {
  workingFolder = await mkdtemp(join(tmpdir(), "portcullis-bundle-"))
  await writeFile(join(workingFolder, "bindings.yaml"), "version: 1\nbindings:\n  - {principal: ann, workspace: ml, roles: [Viewer]}\n")
})
afterEach(() => rm(workingFolder, { recursive: true }))

const bundle = (...args: readonly string[]): Promise<CommandResult> => run(["bundle", ...args], { workingFolder })
const build = (...args: readonly string[]): Promise<CommandResult> => bundle("build", "--bindings", join(workingFolder, "bindings.yaml"), ...args)
const file = (name: string): Promise<Buffer> => readFile(join(workingFolder, name))

describe("portcullis bundle", () => {
  it("builds the same bytes of the same contents, with a revision of their own or a given one", async () => {
    expect((await build("-o", "one.tar.gz")).code).toBe(0)
    expect((await build("-o", "two.tar.gz")).code).toBe(0)
    expect((await file("one.tar.gz")).equals(await file("two.tar.gz"))).toBe(true)
    await build("-o", "three.tar.gz", "--revision", "v3")
    expect((await readBundle(await file("three.tar.gz"))).manifest.revision).toBe("v3")
  })

  it("builds the parts into a folder", async () => {
    expect((await build("--split", "-o", "parts")).code).toBe(0)
    expect(await readdir(join(workingFolder, "parts"))).toHaveLength(18)
    expect((await readBundle(await file("parts/authz-roles.tar.gz"))).manifest.roots).toEqual(["authz_data"])
  })

  it("makes keys, signs with the private one, verifies with the public one, and says what is wrong otherwise", async () => {
    const made = await bundle("keygen", "-o", "key", "--scope", "read")
    const { keys, bundles } = parse(made.out)
    const [keyId = ""] = Object.keys(keys)
    expect(keys[keyId]).toEqual({ algorithm: "ES256", key: (await file("key.pub.pem")).toString() })
    expect(bundles.authz.signing).toEqual({ keyid: keyId, scope: "read" })
    expect(made.out + made.err).not.toContain("PRIVATE")
    expect((await stat(join(workingFolder, "key.pem"))).mode & 0o777).toBe(0o600)

    expect((await build("-o", "signed.tar.gz", "--sign-key", "key.pem", "--scope", "read")).code).toBe(0)
    const verify = (...args: readonly string[]): Promise<CommandResult> => bundle("verify", "signed.tar.gz", "--key", "key.pub.pem", ...args)
    expect(await verify("--scope", "read", "--key-id", keyId, "--output", "json")).toMatchObject({ code: 0, out: expect.stringContaining(keyId) })
    expect(await verify()).toMatchObject({ code: 1, err: expect.stringContaining("scope mismatch") })
    expect(await verify("--scope", "read", "--key-id", "other")).toMatchObject({ code: 1, err: expect.stringContaining("other") })
    await bundle("keygen", "-o", "other", "--algorithm", "ES384")
    const byOther = ["verify", "signed.tar.gz", "--key", "other.pub.pem", "--scope", "read"]
    expect(await bundle(...byOther)).toMatchObject({ code: 1, err: expect.stringContaining("ES384") })
  })

  it("shows what is in a bundle, and what its signature says", async () => {
    await bundle("keygen", "-o", "key")
    await build("-o", "signed.tar.gz", "--sign-key", "key.pem", "--scope", "read", "--key-id", "k1")
    const shown: unknown = JSON.parse((await bundle("inspect", "signed.tar.gz", "--output", "json")).out)
    expect(shown).toMatchObject({
      type: "snapshot",
      manifest: { roots: ["authz", "authz_bindings", "authz_data"], rego_version: 1 },
      signature: { algorithm: "ES256", keyId: "k1", scope: "read" },
      files: expect.arrayContaining([expect.objectContaining({ name: "authz/allow.rego" })]),
    })
    expect((await bundle("inspect", "signed.tar.gz")).out).toMatch(/authz_data\/data\.json +\d+\n/)
  })

  it("prints the configuration of an OPA: where, as whom, long polling, reports", async () => {
    const { out, err } = await bundle("opa-config")
    expect(parse(out)).toEqual({
      services: { portcullis: { url: "http://127.0.0.1:8181", headers: { "X-NMP-Principal-Id": "service:opa" } } },
      bundles: {
        authz: {
          service: "portcullis",
          resource: "bundles/authz.tar.gz",
          polling: { min_delay_seconds: 1, max_delay_seconds: 10, long_polling_timeout_seconds: 30 },
        },
      },
      default_decision: "authz/allow",
      status: { service: "portcullis" },
    })
    expect(err).toContain("bundle.tokens")
  })

  it("prints the configuration of an OPA that takes signed parts with a token, keeps them, and logs", async () => {
    await bundle("keygen", "-o", "key")
    const settings = [
      "server: {listen: '[::]:9000', insecure_behind_proxy: true, limits: {long_poll_seconds: 0}}",
      "auth: {oidc: {issuer: 'https://login.example.com', client_id: c, audience: portcullis}}",
      "bundle: {binding_bundles: 2, signing_key_file: key.pem, signing_scope: read, tokens: [{name: west, token: 0123456789abcdef}]}",
    ]
    await writeFile(join(workingFolder, "portcullis.yaml"), settings.join("\n"))
    const { out, err, code } = await bundle("opa-config", "--config", "portcullis.yaml", "--split", "--persist", "--decision-logs")
    expect([code, err]).toEqual([0, expect.stringContaining("'west'")])
    expect(out).not.toContain("0123456789abcdef")
    const config = parse(out)
    const [keyId = ""] = Object.keys(config.keys)
    expect(config.keys[keyId]).toEqual({ algorithm: "ES256", key: (await file("key.pub.pem")).toString() })
    expect(config.services.portcullis).toEqual({ url: "http://127.0.0.1:9000", credentials: { bearer: { token: "${PORTCULLIS_BUNDLE_TOKEN}" } } })
    expect(Object.keys(config.bundles)).toEqual(["authz-policy", "authz-roles", "authz-bindings-00", "authz-bindings-01"])
    expect(config.bundles["authz-roles"]).toEqual({
      service: "portcullis",
      resource: "bundles/authz-roles.tar.gz",
      polling: { min_delay_seconds: 1, max_delay_seconds: 10 },
      persist: true,
      signing: { keyid: keyId, scope: "read" },
    })
    expect(config.decision_logs.service).toBe("portcullis")
    const elsewhere = await bundle("opa-config", "--config", "portcullis.yaml", "--url", "https://pdp.example.com")
    expect(parse(elsewhere.out).services.portcullis.url).toBe("https://pdp.example.com")
  })

  it("has no configuration for an OPA where it does not know the way, or gives nothing out", async () => {
    await writeFile(join(workingFolder, "socket.yaml"), "server: {listen: 'unix:/tmp/p.sock'}")
    expect(await bundle("opa-config", "--config", "socket.yaml")).toMatchObject({ code: 78, err: expect.stringContaining("--url") })
    await writeFile(join(workingFolder, "own.yaml"), "policy: {path: policy.wasm}")
    expect(await bundle("opa-config", "--config", "own.yaml")).toMatchObject({ code: 78, err: expect.stringContaining("opa build") })
  })

  it("overwrites no key, unless it must", async () => {
    await bundle("keygen", "-o", "key")
    const before = await file("key.pem")
    expect(await bundle("keygen", "-o", "key")).toMatchObject({ code: 1, out: "", err: expect.stringContaining("key.pem") })
    await rm(join(workingFolder, "key.pem"))
    expect(await bundle("keygen", "-o", "key")).toMatchObject({ code: 1, err: expect.stringContaining("key.pub.pem") })
    expect((await bundle("keygen", "-o", "key", "--force")).code).toBe(0)
    expect(await file("key.pem")).not.toEqual(before)
  })

  it("says so when a bundle holds no role bindings", async () => {
    expect((await build("-o", "some.tar.gz")).err).not.toContain("no role bindings")
    expect(await bundle("build", "-o", "none.tar.gz")).toMatchObject({ code: 0, err: expect.stringContaining("no role bindings") })
  })

  it("names the file of a key that is none, or the wrong half", async () => {
    await bundle("keygen", "-o", "key")
    const wrongHalf = await build("-o", "x.tar.gz", "--sign-key", "key.pub.pem")
    expect(wrongHalf).toMatchObject({ code: 78, err: expect.stringMatching(/key\.pub\.pem: .*public key/) })
    const none = await build("-o", "x.tar.gz", "--sign-key", "bindings.yaml")
    expect(none).toMatchObject({ code: 78, err: expect.stringMatching(/bindings\.yaml: .*no private key/) })
    expect(none.err).not.toContain("DECODER")
    expect((await bundle("verify", "bindings.yaml", "--key", "key.pem")).err).toMatch(/key\.pem: .*private key/)
    await writeFile(join(workingFolder, "portcullis.yaml"), "bundle: {signing_key_file: bindings.yaml}")
    expect((await bundle("opa-config", "--config", "portcullis.yaml")).err).toMatch(/bindings\.yaml: /)
  })

  it("warns of an OPA's way to the sidecar that others can read", async () => {
    expect((await bundle("opa-config", "--url", "http://pdp.example.com")).err).toContain("plain http")
    for (const url of ["https://pdp.example.com", "http://127.0.0.1:9000"])
      expect((await bundle("opa-config", "--url", url)).err).not.toContain("plain")
  })

  it("takes the token of OPAs, which is in the environment of their machine, for no setting", async () => {
    const environment = { PORTCULLIS_BUNDLE_TOKEN: "0123456789abcdef" }
    expect(await run(["bundle", "opa-config"], { workingFolder, environment })).toMatchObject({ code: 0 })
  })

  it.each([
    [["build", "--split", "-o", "bindings.yaml"], 1, "cannot make the folder bindings.yaml"],
    [["build", "-o", "x.tar.gz", "--scope", "read"], 2, "--sign-key"],
    [["build", "-o", "x.tar.gz", "--key-id", "k"], 2, "--sign-key"],
    [["opa-config", "--url", "nonsense"], 2, "http"],
    [["opa-config", "--url", "ftp://pdp.example.com"], 2, "http"],
    [["keygen", "--algorithm", "EdDSA", "-o", "k"], 2, "OPA does not verify EdDSA"],
    [["keygen", "--algorithm", "HS256", "-o", "k"], 2, "everybody who can verify"],
    [["inspect", "nowhere.tar.gz"], 1, "cannot read nowhere.tar.gz"],
    [["inspect", "bindings.yaml"], 1, "not gzip"],
    [["verify", "bindings.yaml", "--key", "bindings.yaml"], 78, "no public key"],
    [["build", "-o", "nowhere/x.tar.gz"], 1, "cannot write nowhere/x.tar.gz"],
  ])("%j exits with %i", async (args, code, text) => {
    expect(await bundle(...args)).toMatchObject({ code, err: expect.stringContaining(text) })
  })
})
