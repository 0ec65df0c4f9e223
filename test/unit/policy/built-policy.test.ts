import { createHash } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { loadBuiltPolicy } from "../../../src/policy/index.js"
import { codeOf, moduleOf } from "./fixture.js"

const wasm = moduleOf("cases")
const sha256 = createHash("sha256").update(wasm).digest("hex")
let folder = ""

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "built-policy-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(build: object, module: Uint8Array = wasm): void {
  writeFileSync(join(folder, "build.json"), JSON.stringify({ opa: "1.20.2", builds: { hardened: { wasm: "hardened.wasm", files: [], ...build } } }))
  writeFileSync(join(folder, "hardened.wasm"), module)
}

describe("a built policy", () => {
  it("is loaded with the data when it is the recorded one", async () => {
    write({ sha256, entrypoints: ["cases/data_size"] })
    const policy = await loadBuiltPolicy({ profile: "hardened", data: { items: [1] }, folder })
    expect(policy.evaluate("cases/data_size", {})).toBe(1)
    expect(sha256.startsWith(policy.digest)).toBe(true)
  })

  it.each(["hardened", "nemo"] as const)("comes with the package: %s", async (profile) => {
    const policy = await loadBuiltPolicy({ profile, data: {} })
    expect(policy.entrypoints).toEqual(expect.arrayContaining(["authz/allow", "authz/has_permissions", "authz/has_role"]))
  })

  it("is refused when a byte differs", async () => {
    const changed = Uint8Array.from(wasm)
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    write({ sha256, entrypoints: [] }, changed)
    expect(await codeOf(() => loadBuiltPolicy({ profile: "hardened", data: {}, folder }))).toBe("ERR_POLICY_INVALID")
  })

  it("is refused without a recorded entrypoint", async () => {
    write({ sha256, entrypoints: ["authz/allow"] })
    expect(await codeOf(() => loadBuiltPolicy({ profile: "hardened", data: {}, folder }))).toBe("ERR_POLICY_INVALID")
  })

  it("is refused without a usable record of it", async () => {
    expect(await codeOf(() => loadBuiltPolicy({ profile: "hardened", data: {}, folder }))).toBe("ERR_POLICY_INVALID")
    write({ sha256, entrypoints: [] })
    expect(await codeOf(() => loadBuiltPolicy({ profile: "nemo", data: {}, folder }))).toBe("ERR_POLICY_INVALID")
    write({ sha256 })
    expect(await codeOf(() => loadBuiltPolicy({ profile: "hardened", data: {}, folder }))).toBe("ERR_POLICY_INVALID")
    writeFileSync(join(folder, "build.json"), "{")
    expect(await codeOf(() => loadBuiltPolicy({ profile: "hardened", data: {}, folder }))).toBe("ERR_POLICY_INVALID")
  })
})
