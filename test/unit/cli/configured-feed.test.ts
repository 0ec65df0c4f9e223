import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { generateSigningKey, type SigningKey } from "../../../src/bundle/index.js"
import { configuredFeed } from "../../../src/cli/configured-feed.js"
import { configured } from "../../fixtures/configured.js"

let key: SigningKey

beforeAll(async () => {
  key = await generateSigningKey("ES256")
})

const feedOf = (settings: object) => configuredFeed(configured(JSON.stringify({ bundle_source: settings })).config)

function keyFile(text = key.publicKeyPem): string {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-key-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, "key.pem"), text)
  return join(folder, "key.pem")
}

describe("the configured bundle", () => {
  it("is none without a place", async () => {
    expect(await feedOf({})).toBeUndefined()
  })

  it("comes from a server, and is verified with the keys by the ids that keygen gives them, or by the one named", async () => {
    const settings = {
      url: "https://pdp/bundles/authz.tar.gz",
      poll_seconds: 5,
      long_poll_seconds: 0,
      persist_file: "/tmp/kept",
      verification_key_files: [keyFile()],
    }
    expect(await feedOf(settings)).toMatchObject({
      name: "https://pdp/bundles/authz.tar.gz",
      pollSeconds: 5,
      persistFile: "/tmp/kept",
      verify: { keys: { [key.keyId]: { algorithm: "ES256" } } },
    })
    const named = await feedOf({ ...settings, verification_key_id: "k1", verification_scope: "read" })
    expect(named?.verify).toMatchObject({ keys: { k1: { algorithm: "ES256" } }, keyId: "k1", scope: "read" })
  })

  it("comes from a file, which must be there", async () => {
    expect(await feedOf({ file: join(process.cwd(), "examples/custom-policy/bundle.tar.gz") })).toMatchObject({ pollSeconds: 30 })
    await expect(feedOf({ file: "nowhere.tar.gz" })).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" })
  })

  it("needs public keys", async () => {
    const url = "https://pdp/bundles/authz.tar.gz"
    await expect(feedOf({ url, verification_key_files: [keyFile(key.privateKeyPem)] })).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
    await expect(feedOf({ url, verification_key_files: ["nowhere.pem"] })).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" })
  })
})
