import { gzipSync } from "node:zlib"
import { packTar } from "modern-tar"
import { describe, expect, it } from "vitest"
import { readBundle, type ReadBundleOptions } from "../../../src/bundle/index.js"

type Entry = readonly [name: string, body: string | Uint8Array, type?: "file" | "symlink" | "link" | "directory" | "character-device" | "fifo"]

const archive = async (entries: readonly Entry[]): Promise<Buffer> =>
  gzipSync(
    await packTar(
      entries.map(([name, body, type = "file"]) =>
        type === "file" || type === "character-device" || type === "fifo"
          ? { header: { name, size: type === "file" ? Buffer.byteLength(body) : 0, type }, body: type === "file" ? Buffer.from(body) : "" }
          : { header: { name, size: 0, type, ...(type !== "directory" && { linkname: String(body) }) } },
      ),
    ),
  )

const read = async (entries: readonly Entry[], options?: ReadBundleOptions): ReturnType<typeof readBundle> =>
  readBundle(await archive(entries), options)

const refusalOf = async (entries: readonly Entry[], options?: ReadBundleOptions): Promise<unknown> =>
  read(entries, options).then(
    () => "read",
    (thrown: unknown) => thrown,
  )

const invalid = (reason: string, ...parts: readonly string[]): unknown =>
  expect.objectContaining({ code: "ERR_BUNDLE_INVALID", reason, message: expect.stringMatching(parts.join(".*")) })

const manifest = (content: object): Entry => [".manifest", JSON.stringify(content)]

describe("a bundle", () => {
  it("is read whole: manifest, data of every depth, modules and Rego, with OPA's names", async () => {
    const bundle = await read([
      ["folder/", "", "directory"],
      [
        "/.manifest",
        JSON.stringify({
          revision: "r1",
          roots: ["a", "/b/c/"],
          wasm: [{ entrypoint: "a/allow", module: "/policy.wasm" }],
          rego_version: 1,
          more: 1,
        }),
      ],
      ["./a/data.json", '{"x":{"y":1}}'],
      ["a/x/data.yaml", "z: [1, two]\n"],
      ["a/list/data.json", "[1,2]"],
      ["data.json", '{"b":{"c":{"d":null}}}'],
      ["/policy.wasm", Buffer.from([0, 0x61, 0x73, 0x6d])],
      ["a/p.rego", '# about\n\npackage a.p["q"]\n'],
      ["README.md", "else"],
    ])
    expect(bundle.manifest).toMatchObject({
      revision: "r1",
      roots: ["a", "b/c"],
      rego_version: 1,
      wasm: [{ entrypoint: "a/allow", module: "/policy.wasm" }],
    })
    expect(bundle.data).toEqual({ a: { x: { y: 1, z: [1, "two"] }, list: [1, 2] }, b: { c: { d: null } } })
    expect([bundle.type, [...bundle.wasm.keys()], [...bundle.rego.keys()], bundle.files.size]).toEqual(["snapshot", ["policy.wasm"], ["a/p.rego"], 8])
  })

  it("without a manifest owns everything", async () => {
    expect((await read([["data.json", '{"a":1}']])).manifest).toEqual({ revision: "", roots: [""], wasm: [] })
  })

  it("holds members of any name as its own", async () => {
    const { data } = await read([
      ["data.json", '{"__proto__":{"a":1},"constructor":{}}'],
      ["__proto__/data.json", '{"b":2}'],
    ])
    expect(JSON.stringify(data)).toBe('{"__proto__":{"a":1,"b":2},"constructor":{}}')
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype)
    expect(Reflect.get({}, "a")).toBeUndefined()
  })

  it.each<readonly [string, readonly Entry[], unknown]>([
    ["a name that leads out", [["../data.json", "{}"]], invalid("entry_refused", "\\.\\./data\\.json")],
    ["one in the middle", [["a/../../data.json", "{}"]], invalid("entry_refused")],
    ["one with two slashes in front", [["//etc/passwd", "x"]], invalid("entry_refused")],
    ["one with a backslash", [["a\\..\\data.json", "{}"]], invalid("entry_refused")],
    ["one with a drive", [["C:/data.json", "{}"]], invalid("entry_refused")],
    ["one with a control character", [["a\u0007/data.json", "{}"]], invalid("entry_refused")],
    ["a symbolic link", [["data.json", "/etc/passwd", "symlink"]], invalid("entry_refused", "data.json", "symlink")],
    [
      "a hard link",
      [
        ["a", "{}"],
        ["data.json", "a", "link"],
      ],
      invalid("entry_refused", "link"),
    ],
    ["a device", [["data.json", "", "character-device"]], invalid("entry_refused")],
    [
      "a name twice",
      [
        ["a/data.json", "{}"],
        ["a/data.json", "{}"],
      ],
      invalid("entry_refused", "a/data.json twice"),
    ],
    [
      "a name twice in two spellings",
      [
        ["a/data.json", "{}"],
        ["/a/data.json", "{}"],
      ],
      invalid("entry_refused", "twice"),
    ],
    ["nothing", [["a/", "", "directory"]], invalid("tar_invalid")],
    ["two manifests", [manifest({}), ["a/.manifest", "{}"]], invalid("manifest_invalid", "a/.manifest")],
    ["a manifest in a folder", [["a/.manifest", "{}"]], invalid("manifest_invalid")],
    ["a manifest of another kind", [[".manifest.pb", ""]], invalid("manifest_invalid", "protobuf")],
    ["a manifest that is no JSON", [[".manifest", "{"]], invalid("manifest_invalid", "JSON")],
    ["a manifest of the wrong shape", [manifest({ roots: "a" })], invalid("manifest_invalid", "roots")],
    ["an unknown Rego", [manifest({ rego_version: 2 })], invalid("manifest_invalid", "rego_version", "0 or 1")],
    ["roots that overlap", [manifest({ roots: ["a/b", "x", "a"] })], invalid("manifest_invalid", "'a' and 'a/b'")],
    ["a root twice", [manifest({ roots: ["a", "a/"] })], invalid("manifest_invalid", "'a' and 'a'")],
    ["a root beside the one of everything", [manifest({ roots: ["a", ""] })], invalid("manifest_invalid")],
    ["data outside the roots", [manifest({ roots: ["a"] }), ["b/data.json", "{}"]], invalid("outside_roots", "'/b' in b/data.json")],
    ["data that is beside a root", [manifest({ roots: ["a/b"] }), ["data.json", '{"a":{"c":1}}']], invalid("outside_roots", "/a/c")],
    ["data that begins like a root", [manifest({ roots: ["a"] }), ["ab/data.json", "{}"]], invalid("outside_roots")],
    ["a package outside the roots", [manifest({ roots: ["a"] }), ["p.rego", "package b"]], invalid("outside_roots", "package b", "p.rego")],
    ["Rego without a package", [["p.rego", "# package a\nallow := true"]], invalid("rego_invalid", "p.rego")],
    [
      "an entrypoint outside the roots",
      [manifest({ roots: ["a"], wasm: [{ entrypoint: "b/x", module: "/policy.wasm" }] }), ["policy.wasm", ""]],
      invalid("outside_roots", "b/x"),
    ],
    ["a module that is not there", [manifest({ wasm: [{ entrypoint: "b/x", module: "/policy.wasm" }] })], invalid("manifest_invalid", "policy.wasm")],
    [
      "data that says a thing twice",
      [
        ["data.json", '{"a":{"b":1}}'],
        ["a/data.json", '{"b":1}'],
      ],
      invalid("data_conflict", "/a/b"),
    ],
    [
      "data below what is no object",
      [
        ["data.json", '{"a":1}'],
        ["a/data.json", "{}"],
      ],
      invalid("data_conflict", "/a"),
    ],
    ["data that is no object at the root", [["data.json", "[]"]], invalid("data_invalid", "object")],
    ["data that is no JSON", [["a/data.json", '{"a":NaN}']], invalid("data_invalid", "a/data.json")],
    ["data that is no UTF-8", [["data.json", Buffer.from([0x7b, 0xff])]], invalid("data_invalid", "UTF-8")],
    ["a number beyond a double", [["data.json", '{"a":[1e999]}']], invalid("data_invalid", "double")],
    ["a number that would be rounded", [["data.json", '{"a":12345678901234567890}']], invalid("data_invalid", "12345678901234567890", "text")],
    ["a YAML number that is none", [["data.yaml", "a: .nan"]], invalid("data_invalid")],
    ["a YAML bomb", [["data.yaml", yamlBomb()]], invalid("data_invalid")],
    ["deep data", [["data.json", `{"a":${"[".repeat(5_000)}${"]".repeat(5_000)}}`]], invalid("data_invalid", "deeper")],
    ["signatures in a folder", [["a/.signatures.json", "{}"]], invalid("signature_malformed")],
    ["a patch in a folder", [["a/patch.json", "{}"]], invalid("patch_invalid")],
    ["a patch of nothing", [["patch.json", '{"data":[]}']], invalid("patch_invalid", "empty")],
    [
      "a patch with data",
      [
        ["patch.json", '{"data":[{"op":"remove","path":"/a"}]}'],
        ["data.json", '{"a":1}'],
      ],
      invalid("patch_invalid"),
    ],
    ["an unknown step", [["patch.json", '{"data":[{"op":"move","path":"/a"}]}']], invalid("patch_invalid")],
    ["a patch of everything", [["patch.json", '{"data":[{"op":"upsert","path":"/","value":{}}]}']], invalid("patch_invalid")],
    ["a patch outside the roots", [manifest({ roots: ["a"] }), ["patch.json", '{"data":[{"op":"remove","path":"/b"}]}']], invalid("outside_roots")],
  ])("with %s is refused", async (_, entries, expected) => {
    expect(await refusalOf(entries)).toEqual(expected)
  })

  it("keeps large numbers in texts, and those that a double holds", async () => {
    const { data } = await read([["data.json", '{"a":"12345678901234567890","b":9007199254740991,"c":1e300}']])
    expect(data).toEqual({ a: "12345678901234567890", b: 9_007_199_254_740_991, c: 1e300 })
  })

  it("that is a delta holds its steps", async () => {
    const steps = [
      { op: "upsert", path: "/a/x~1y%25/z~0", value: { b: 1 } },
      { op: "remove", path: "a/b", value: null },
    ]
    const bundle = await read([manifest({ revision: "2", roots: ["a"] }), ["patch.json", JSON.stringify({ data: steps })]])
    expect(bundle.type).toBe("delta")
    expect(bundle.patch).toEqual([
      { op: "upsert", path: ["a", "x/y%", "z~"], value: { b: 1 } },
      { op: "remove", path: ["a", "b"] },
    ])
  })

  it.each([
    ["not gzip", Buffer.from("hello"), "gzip_invalid"],
    ["empty", Buffer.alloc(0), "gzip_invalid"],
    ["not a tar", gzipSync("nonsense".repeat(1_000)), "tar_invalid"],
    ["an empty tar", gzipSync(Buffer.alloc(1_024)), "tar_invalid"],
  ])("that is %s is refused", async (_, bytes, reason) => {
    await expect(readBundle(bytes)).rejects.toEqual(invalid(reason))
  })

  it.each<readonly [string, readonly Entry[], string]>([
    ["a million signatures that are none", [[".signatures.json", `{"signatures":[${"{},".repeat(1_000_000)}{}]}`]], "signature_malformed"],
    ["more than 10,000 roots", [manifest({ roots: Array.from({ length: 10_001 }, (_, at) => `a${at}`) })], "manifest_invalid"],
    ["a root of a million segments", [manifest({ roots: ["a/".repeat(1_000_000)] })], "manifest_invalid"],
    ["more than ten million values", [["data.json", `{"a":[${"[],".repeat(10_000_000)}1]}`]], "too_large"],
    ["YAML of more than half a MiB", [["data.yaml", "a: 1\n# more\n".repeat(50_000)]], "too_large"],
    ["more than 20,000 folders", [...Array.from({ length: 20_001 }, (_, at): Entry => [`a${at}/`, "", "directory"])], "too_large"],
    ["a key of YAML twice", [["data.yaml", "a: {b: 1, c: 2, b: 3}\n"]], "data_invalid"],
  ])("is refused with %s, and says so in a few words", async (_, entries, reason) => {
    const thrown = await refusalOf(entries, { verification: "ignored" })
    expect(thrown).toEqual(invalid(reason))
    expect(thrown instanceof Error && thrown.message.length).toBeLessThan(600)
  })

  it("is read with 10,000 roots and as many keys, and with commas in texts", async () => {
    const keys = Array.from({ length: 10_000 }, (_, at) => `a${at}`)
    const { data } = await read([manifest({ roots: keys }), ["data.json", JSON.stringify(Object.fromEntries(keys.map((key) => [key, '[{,,\\",'])))]])
    expect(Object.keys(data)).toHaveLength(10_000)
    const text = ",".repeat(11_000_000)
    expect((await read([["data.json", JSON.stringify({ text })]])).data).toEqual({ text })
  })

  it("that was cut off is refused, wherever", async () => {
    const whole = await archive([["data.json", JSON.stringify({ a: Array.from({ length: 2_000 }, (_, at) => at * 7) })]])
    for (const share of [0.1, 0.5, 0.9, 0.999])
      await expect(readBundle(whole.subarray(0, whole.length * share))).rejects.toEqual(invalid("gzip_invalid"))
  })

  it("is refused beyond the limits, a bomb before it is inflated", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    const before = process.memoryUsage().arrayBuffers
    await expect(readBundle(bomb, { limits: { bytes: 1_000_000 } })).rejects.toEqual(invalid("too_large", "1000000 bytes"))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
    expect(
      await refusalOf(
        [
          ["a/data.json", "{}"],
          ["b/data.json", "{}"],
        ],
        { limits: { files: 1 } },
      ),
    ).toEqual(invalid("too_large", "1 files"))
    expect(await refusalOf([["a/b/c/data.json", "{}"]], { limits: { folders: 2 } })).toEqual(invalid("too_large", "2 folders"))
  })
})

function yamlBomb(): string {
  const lines = ['a0: &a0 ["lol","lol","lol","lol","lol","lol","lol","lol","lol"]']
  for (let level = 1; level < 12; level++) lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join()}]`)
  return lines.join("\n")
}
