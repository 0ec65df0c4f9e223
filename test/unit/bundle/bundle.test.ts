import { createHash } from "node:crypto"
import { gunzipSync } from "node:zlib"
import { unpackTar } from "modern-tar"
import { describe, expect, it } from "vitest"
import { bundleSet, matchesEntityTag, type Bundle, type BundleContent, type BundleOrigin } from "../../../src/bundle/index.js"
import type { RoleBinding } from "../../../src/index.js"

const bindings: readonly RoleBinding[] = [
  { principal: "ann", workspace: "ml", role: "Viewer" },
  { principal: "ann", workspace: "ml", role: "Admin" },
  { principal: "__proto__", workspace: "constructor", role: "Viewer" },
  { principal: 'odd "✓"', workspace: "ml", role: "Viewer" },
]

const origin = (content: Partial<BundleContent> = {}): { snapshot(): BundleContent; revision(): string } => {
  const state = { revision: "00000000.1", profile: "hardened" as const, authzData: { b: 1, a: { d: [2], c: null } }, bindings, ...content }
  return { snapshot: () => state, revision: () => state.revision }
}

const bundleOf = async (of: BundleOrigin): Promise<Bundle> => {
  const bundles = bundleSet(of)
  try {
    return await bundles.current("authz")
  } finally {
    await bundles.close()
  }
}

const filesOf = async (bytes: Buffer): Promise<Map<string, string>> => {
  const entries = await unpackTar(gunzipSync(bytes))
  return new Map(entries.map(({ header, data }) => [header.name, Buffer.from(data ?? []).toString()]))
}

describe("a bundle", () => {
  it("holds the manifest, the Rego with the seam for OPA, the data, and each binding in its shard", async () => {
    const { bytes, revision } = await bundleOf(origin())
    const files = await filesOf(bytes)
    expect(revision).toBe("00000000.1")
    expect(JSON.parse(files.get(".manifest") ?? "")).toEqual({
      revision: "00000000.1",
      roots: ["authz", "authz_bindings", "authz_data"],
      rego_version: 1,
    })
    expect(files.get("authz_data/data.json")).toBe('{"a":{"c":null,"d":[2]},"b":1}')
    expect([...files.keys()].filter((name) => name.endsWith(".rego"))).toEqual(expect.arrayContaining(["authz/allow.rego", "bindings/opa.rego"]))
    expect([...files.keys()].filter((name) => name.includes("_test") || name.includes("embedded"))).toEqual([])
    for (const { principal, workspace } of bindings) {
      const shard = createHash("sha256").update(principal).digest("hex").slice(0, 2)
      const { principals } = JSON.parse(files.get(`authz_bindings/${shard}/data.json`) ?? "")
      expect(Object.getOwnPropertyDescriptor(principals, principal)?.value.workspaces[workspace]).toContain("Viewer")
    }
    expect([...files.values()].join()).toContain('["Admin","Viewer"]')
  })

  it("has the same bytes for the same state, whatever the order", async () => {
    const one = await bundleOf(origin())
    const other = await bundleOf(origin({ bindings: bindings.toReversed(), authzData: { a: { c: null, d: [2] }, b: 1 } }))
    expect(other.bytes.equals(one.bytes)).toBe(true)
    expect(other.etag).toBe(`"${createHash("sha256").update(one.bytes).digest("hex")}"`)
  })

  it("is built once for a revision, however many ask", async () => {
    const bundles = bundleSet(origin())
    const [first, second] = await Promise.all([bundles.current("authz"), bundles.current("authz")])
    expect(second).toBe(first)
    expect(await bundles.current("authz")).toBe(first)
    await bundles.close()
  })

  it("packs one state, even when it changes all the time", async () => {
    let sequence = 1
    const many = Array.from({ length: 20_000 }, (_, i) => ({ principal: `p${i}`, workspace: "ml", role: "Viewer" }))
    const changing = {
      snapshot: () => ({ ...origin({ bindings: many }).snapshot(), revision: `00000000.${sequence}` }),
      revision: () => `00000000.${sequence++}`,
    }
    const { bytes } = await bundleOf(changing)
    const files = await filesOf(bytes)
    const principals = [...files]
      .filter(([name]) => name.startsWith("authz_bindings/"))
      .flatMap(([, text]) => Object.keys(JSON.parse(text).principals))
    expect(new Set(principals).size).toBe(20_000)
  })

  it("has an empty document where there are no bindings", async () => {
    const files = await filesOf((await bundleOf(origin({ bindings: [], profile: "nemo" }))).bytes)
    expect(files.get("authz_bindings/data.json")).toBe("{}")
    expect(files.has("nemo/allow.rego")).toBe(true)
  })
})

describe("If-None-Match (RFC 9110, section 13.1.2)", () => {
  it.each([
    ["absent", undefined, false],
    ["the tag", '"a"', true],
    ["the tag, weak", 'W/"a"', true],
    ["any", "*", true],
    ["any, with spaces", " * ", true],
    ["a list with the tag", '"x", W/"a" ,"y"', true],
    ["a list without", '"x", "y"', false],
    ["a tag with a comma inside", '"x,a"', false],
    ["the tag without quotes", "a", false],
    ["an empty header", "", false],
    ["a star in a list", '"x", *', false],
  ])("%s", (_, header, matches) => {
    expect(matchesEntityTag(header, '"a"')).toBe(matches)
  })
})
